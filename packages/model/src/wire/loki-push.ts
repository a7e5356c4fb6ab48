import type { LogBatch } from '../log/batch.ts'
import { ProtoReader, WIRE_BYTES, WIRE_VARINT, WireError } from './proto-reader.ts'

/**
 * Reads `logproto.PushRequest` (pkg/push/push.proto) into a batch. Lines stay ranges of `bytes`, so nothing is allocated per line.
 * @throws WireError on malformed protobuf and on times before 1970 or after 2106, which the store has no room for
 */
export class LokiPushReader {
  readonly #reader = new ProtoReader()
  #seconds = 0
  #nanos = 0

  read(bytes: Uint8Array, batch: LogBatch): void {
    const reader = this.#reader.reset(bytes)
    batch.borrowText(bytes)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 1) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_BYTES, 'PushRequest.streams')
      const outer = reader.enter()
      this.#readStream(batch)
      reader.leave(outer)
    }
  }

  #readStream(batch: LogBatch): void {
    const reader = this.#reader
    const stream = batch.addStream('')
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        reader.expect(WIRE_BYTES, 'StreamAdapter.labels')
        batch.streams[stream] = reader.string()
      } else if (field === 2) {
        reader.expect(WIRE_BYTES, 'StreamAdapter.entries')
        const outer = reader.enter()
        this.#readEntry(batch, stream)
        reader.leave(outer)
      } else reader.skip()
    }
  }

  #readEntry(batch: LogBatch, stream: number): void {
    const reader = this.#reader
    const index = batch.addEntry(stream, 0, 0, 0, 0)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        reader.expect(WIRE_BYTES, 'EntryAdapter.timestamp')
        const outer = reader.enter()
        this.#readTimestamp()
        reader.leave(outer)
        batch.seconds[index] = this.#seconds
        batch.nanos[index] = this.#nanos
      } else if (field === 2) {
        reader.expect(WIRE_BYTES, 'EntryAdapter.line')
        reader.range()
        batch.lineStart[index] = reader.rangeStart
        batch.lineEnd[index] = reader.rangeEnd
      } else if (field === 3) {
        reader.expect(WIRE_BYTES, 'EntryAdapter.structuredMetadata')
        const outer = reader.enter()
        this.#readMetadata(batch)
        reader.leave(outer)
      } else reader.skip()
    }
  }

  #readTimestamp(): void {
    const reader = this.#reader
    let seconds = 0
    let nanos = 0
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        reader.expect(WIRE_VARINT, 'Timestamp.seconds')
        seconds = reader.int64AsNumber()
      } else if (field === 2) {
        reader.expect(WIRE_VARINT, 'Timestamp.nanos')
        nanos = reader.int32()
      } else reader.skip()
    }
    if (nanos < 0 || nanos > 999_999_999 || seconds < 0 || seconds > 0xffffffff) {
      throw new WireError(`timestamp ${seconds}s ${nanos}ns is out of range`, reader.position)
    }
    this.#seconds = seconds
    this.#nanos = nanos
  }

  #readMetadata(batch: LogBatch): void {
    const reader = this.#reader
    let nameStart = 0
    let nameEnd = 0
    let valueStart = 0
    let valueEnd = 0
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 1 && field !== 2) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_BYTES, 'LabelPairAdapter')
      reader.range()
      if (field === 1) {
        nameStart = reader.rangeStart
        nameEnd = reader.rangeEnd
      } else {
        valueStart = reader.rangeStart
        valueEnd = reader.rangeEnd
      }
    }
    batch.addMetadataBytes(reader.bytes, nameStart, nameEnd, valueStart, valueEnd)
  }
}
