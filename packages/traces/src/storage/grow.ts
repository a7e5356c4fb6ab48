/** Copies of typed arrays with room for `size` entries. Readers that hold the old array keep what they saw. */
export function grownBytes(old: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const array = new Uint8Array(size)
  array.set(old)
  return array
}

export function grownWords(old: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const array = new Uint32Array(size)
  array.set(old)
  return array
}

export function grownInts(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const array = new Int32Array(size)
  array.set(old)
  return array
}

export function grownBigs(old: BigUint64Array, size: number): BigUint64Array<ArrayBuffer> {
  const array = new BigUint64Array(size)
  array.set(old)
  return array
}

export function grownDoubles(old: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const array = new Float64Array(size)
  array.set(old)
  return array
}
