import { readFileSync } from 'node:fs'

/** The part of the standard that TypeScript's lib has only together with the DOM's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

interface Value {
  readonly value: number
}

/** Functions and globals of series-kernel.as. Addresses are unsigned, but arrive as int32. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly inputAt: Value
  readonly outputAt: Value
  readonly seriesCount: Value
  readonly unknownCount: Value
  readonly maxMs: Value
  readonly seriesStartAt: Value
  readonly seriesEndAt: Value
  readonly seriesRefAt: Value
  readonly sampleSeriesAt: Value
  readonly sampleRefAt: Value
  readonly timesAt: Value
  readonly valuesAt: Value
  readonly usedBytes: Value
  init(): void
  reserveInput(size: number): void
  reserveOutput(size: number): void
  growColumns(): void
  find(start: number, end: number): number
  add(start: number, end: number, series: number): number
  isCanonical(start: number, end: number): number
  decode(size: number, maxBytes: number): number
  read(size: number): number
}

/** Bytes before the text of a spelling: length, hash, the spelling after it, its series. */
const RECORD_BYTES = 16
const FULL = -2

let compiled: object | undefined

/**
 * The spellings of a head's series, and the reading of requests that name them, in one WebAssembly memory: snappy, the walk through
 * the protobuf message and the comparison with the series that followed last time touch every byte of every request, and are four
 * times as fast there as in JavaScript (docs/decisions/0025-series-kernel.md). Spellings are known by their address.
 *
 * The memory moves when it grows, which {@link add} and {@link readRequest} may cause: views of it are for immediate use.
 */
export class SeriesKernel {
  readonly #exports: Exports
  #bytes: Buffer<ArrayBuffer>
  #view: DataView<ArrayBuffer>
  #sampleCount = 0

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./series-kernel.wasm', import.meta.url)))
    this.#exports = new WebAssembly.Instance(compiled, {}).exports as Exports
    this.#exports.init()
    this.#bytes = Buffer.from(this.#exports.memory.buffer)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** The whole memory. */
  get bytes(): Buffer<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#follow()
    return this.#bytes
  }

  get view(): DataView<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#follow()
    return this.#view
  }

  get sizeBytes(): number {
    return this.#exports.usedBytes.value >>> 0
  }

  // --- spellings --------------------------------------------------------------------------------------------------

  /** The spelling with these bytes, or 0. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const at = this.#bring(bytes, start, end)
    return this.#exports.find(at, at + end - start) >>> 0
  }

  /** Adds bytes that {@link find} has not found as a spelling of `series`. */
  add(bytes: Uint8Array, start: number, end: number, series: number): number {
    const at = this.#bring(bytes, start, end)
    return this.#exports.add(at, at + end - start, series) >>> 0
  }

  seriesOf(spelling: number): number {
    return this.view.getInt32(spelling + 12, true)
  }

  startOf(spelling: number): number {
    return spelling + RECORD_BYTES
  }

  endOf(spelling: number): number {
    return spelling + RECORD_BYTES + this.view.getUint32(spelling, true)
  }

  /** Whether the bytes are label messages that need no rewriting. When it says no, they may need none all the same. */
  isCanonical(bytes: Uint8Array, start: number, end: number): boolean {
    const at = this.#bring(bytes, start, end)
    return this.#exports.isCanonical(at, at + end - start) !== 0
  }

  // --- a request --------------------------------------------------------------------------------------------------

  /**
   * Reads a compressed WriteRequest and looks its series up. Its columns stay until the next request. False when it is
   * damaged, not of the plain shape that senders of floats write, or larger than `maxBytes`: the readers of `model` are for those.
   */
  readRequest(body: Uint8Array, maxBytes: number): boolean {
    const { inputAt, reserveInput, decode, read, growColumns } = this.#exports
    reserveInput(body.length)
    this.bytes.set(body, inputAt.value >>> 0)
    const size = decode(body.length, maxBytes)
    if (size < 0) return false
    let count = read(size)
    for (; count === FULL; count = read(size)) growColumns()
    this.#sampleCount = count
    return count >= 0
  }

  get sampleCount(): number {
    return this.#sampleCount
  }

  get seriesCount(): number {
    return this.#exports.seriesCount.value
  }

  /** How many of {@link seriesRefs} are unknown. */
  get unknownCount(): number {
    return this.#exports.unknownCount.value
  }

  /** Newest time among the samples. */
  get maxMs(): number {
    return this.#exports.maxMs.value
  }

  /** Series of each sample in the request. */
  get sampleSeries(): Uint32Array {
    return new Uint32Array(this.bytes.buffer, this.#exports.sampleSeriesAt.value >>> 0, this.#sampleCount)
  }

  /** Series of each sample in the head, 0xffffffff when it is unknown. */
  get sampleRefs(): Uint32Array {
    return new Uint32Array(this.bytes.buffer, this.#exports.sampleRefAt.value >>> 0, this.#sampleCount)
  }

  get timesMs(): Float64Array {
    return new Float64Array(this.bytes.buffer, this.#exports.timesAt.value >>> 0, this.#sampleCount)
  }

  get values(): Float64Array {
    return new Float64Array(this.bytes.buffer, this.#exports.valuesAt.value >>> 0, this.#sampleCount)
  }

  /** Series of the head, 0xffffffff when unknown. */
  get seriesRefs(): Uint32Array {
    return new Uint32Array(this.bytes.buffer, this.#exports.seriesRefAt.value >>> 0, this.seriesCount)
  }

  /** Where the label messages of a series of the request begin in {@link bytes}. */
  seriesStart(index: number): number {
    const { outputAt, seriesStartAt } = this.#exports
    return (outputAt.value >>> 0) + this.view.getUint32((seriesStartAt.value >>> 0) + 4 * index, true)
  }

  seriesEnd(index: number): number {
    const { outputAt, seriesEndAt } = this.#exports
    return (outputAt.value >>> 0) + this.view.getUint32((seriesEndAt.value >>> 0) + 4 * index, true)
  }

  /** The address of these bytes, copied behind the compressed request when they are not in this memory. */
  #bring(bytes: Uint8Array, start: number, end: number): number {
    if (bytes.buffer === this.#bytes.buffer) return bytes.byteOffset + start
    const { reserveInput, inputAt } = this.#exports
    reserveInput(end - start)
    const at = inputAt.value >>> 0
    this.bytes.set(bytes.subarray(start, end), at)
    return at
  }

  #follow(): void {
    this.#bytes = Buffer.from(this.#exports.memory.buffer)
    this.#view = new DataView(this.#bytes.buffer)
  }
}
