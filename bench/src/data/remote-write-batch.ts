import { ProtoWriter } from '@quartet/model'

import { labelsOf, VALUES } from './metric-model.ts'
import type { Instance } from './metric-model.ts'

const TIME_BYTES = 6
const SAMPLE_BYTES = 1 + 8 + 1 + TIME_BYTES

/**
 * A WriteRequest of some series of one host, encoded once: every round patches only the value and the time of each series, so
 * that the load generator costs little next to the server.
 */
export class RemoteWriteBatch {
  readonly #instance: Instance
  readonly #from: number
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView
  readonly #offsets: Int32Array

  constructor(instance: Instance, index: number, range: { from: number; to: number }) {
    this.#instance = instance
    this.#from = range.from
    const writer = new ProtoWriter(1 << 20)
    const sample = new Uint8Array(2 + SAMPLE_BYTES)
    sample.set([0x12, SAMPLE_BYTES, 0x09])
    sample[2 + 9] = 0x10
    const ends: number[] = []
    for (let series = range.from; series < range.to; series++) {
      const start = writer.begin(1)
      for (const [name, value] of labelsOf(index, Math.floor(series / VALUES), series % VALUES)) {
        const label = writer.begin(1)
        writer.string(1, name).string(2, value)
        writer.finish(label)
      }
      writer.raw(sample)
      writer.finish(start)
      ends.push(writer.length)
    }
    this.#bytes = writer.toBytes()
    this.#view = new DataView(this.#bytes.buffer)
    this.#offsets = Int32Array.from(ends, (end) => end - SAMPLE_BYTES + 1)
  }

  get sampleCount(): number {
    return this.#offsets.length
  }

  /** The request at `timeMs`, uncompressed; valid until the next call. */
  fill(timeMs: number): Uint8Array<ArrayBuffer> {
    const time = new Uint8Array(TIME_BYTES)
    let rest = timeMs
    for (let index = 0; index < TIME_BYTES; index++) {
      time[index] = (rest % 128) | (index < TIME_BYTES - 1 ? 128 : 0)
      rest = Math.floor(rest / 128)
    }
    const { values } = this.#instance
    for (let index = 0; index < this.#offsets.length; index++) {
      const at = this.#offsets[index]
      this.#view.setFloat64(at, values[this.#from + index], true)
      this.#bytes.set(time, at + 9)
    }
    return this.#bytes
  }
}
