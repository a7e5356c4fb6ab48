/**
 * Prometheus's stale marker is a NaN with the bits 0x7ff0000000000002 (model/value/value.go). JavaScript may lose NaN bits when a
 * number passes through a variable, so markers are written and recognised in the bytes of the column.
 */
const STALE_HIGH = 0x7ff00000
const STALE_LOW = 2

/** A view to hand to {@link isStaleAt} and {@link writeStale}; make it once per column. */
export function bitsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
}

export function isStaleAt(bits: Uint32Array, index: number): boolean {
  return bits[2 * index + 1] === STALE_HIGH && bits[2 * index] === STALE_LOW
}

export function writeStale(bits: Uint32Array, index: number): void {
  bits[2 * index] = STALE_LOW
  bits[2 * index + 1] = STALE_HIGH
}
