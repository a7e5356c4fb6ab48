import type { Label } from '../labels.ts'
import { decodeUtf8, WireError } from '../wire/proto-reader.ts'

const INITIAL_ENTRIES = 64
const INITIAL_BYTES = 1024
const NO_BYTES = new Uint8Array(0)
const encoder = new TextEncoder()

/**
 * One request's log entries as columns: what every log decoder fills and what the log store appends.
 *
 * A line is a range of {@link text}, which is either the request body itself ({@link borrowText}) or a buffer that the batch
 * grows ({@link appendText}). Structured metadata is a range of {@link metadata} in the form that {@link metadataPairs} reads.
 * Columns are valid up to {@link count}; they and both buffers are reused after {@link reset}.
 */
export class LogBatch {
  /** Labels of each stream as text: `{app="shop", env="dev"}`. */
  readonly streams: string[] = []
  count = 0
  /** Index into {@link streams}. */
  streamOf: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  /** Seconds since 1970 and the nanoseconds within that second. */
  seconds: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  nanos: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  lineStart: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  lineEnd: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  metadataStart: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  metadataEnd: Uint32Array = new Uint32Array(INITIAL_ENTRIES)
  text: Uint8Array = NO_BYTES
  #own: Uint8Array = NO_BYTES
  #ownLength = 0
  metadata: Uint8Array = NO_BYTES
  metadataLength = 0

  reset(): this {
    this.streams.length = 0
    this.count = 0
    this.text = this.#own
    this.#ownLength = 0
    this.metadataLength = 0
    return this
  }

  /** Lines are ranges of `bytes`, which must stay unchanged while the batch is in use. */
  borrowText(bytes: Uint8Array): void {
    this.text = bytes
  }

  addStream(labels: string): number {
    return this.streams.push(labels) - 1
  }

  /** Adds an entry without metadata and returns its index. */
  addEntry(stream: number, seconds: number, nanos: number, lineStart: number, lineEnd: number): number {
    const index = this.count
    if (index === this.streamOf.length) this.#growEntries()
    this.streamOf[index] = stream
    this.seconds[index] = seconds
    this.nanos[index] = nanos
    this.lineStart[index] = lineStart
    this.lineEnd[index] = lineEnd
    this.metadataStart[index] = this.metadataLength
    this.metadataEnd[index] = this.metadataLength
    this.count = index + 1
    return index
  }

  /** Encodes a line into the batch's own buffer and adds the entry. */
  addTextEntry(stream: number, seconds: number, nanos: number, line: string): number {
    const start = this.#ownLength
    this.#reserveOwn(line.length * 3)
    this.#ownLength += encoder.encodeInto(line, this.#own.subarray(start)).written
    this.text = this.#own
    return this.addEntry(stream, seconds, nanos, start, this.#ownLength)
  }

  /** Adds one pair to the metadata of the entry added last. */
  addMetadata(name: string, value: string): void {
    this.#addMetadataText(name)
    this.#addMetadataText(value)
    this.metadataEnd[this.count - 1] = this.metadataLength
  }

  /** Like {@link addMetadata}, from UTF-8 bytes. */
  addMetadataBytes(source: Uint8Array, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    this.#addMetadataRange(source, nameStart, nameEnd)
    this.#addMetadataRange(source, valueStart, valueEnd)
    this.metadataEnd[this.count - 1] = this.metadataLength
  }

  /** Adds pairs that are encoded already (a range of another entry's or a shared set's metadata) to the entry added last. */
  addEncodedMetadata(source: Uint8Array, start: number, end: number): void {
    this.#reserveMetadata(end - start)
    if (source === this.metadata) this.metadata.copyWithin(this.metadataLength, start, end)
    else this.metadata.set(source.subarray(start, end), this.metadataLength)
    this.metadataLength += end - start
    this.metadataEnd[this.count - 1] = this.metadataLength
  }

  /** Gives entry `index` its old metadata and one more pair, whatever was added since. */
  extendMetadata(index: number, name: string, value: string): void {
    const start = this.metadataStart[index]
    const end = this.metadataEnd[index]
    this.metadataStart[index] = this.metadataLength
    this.#reserveMetadata(end - start)
    this.metadata.copyWithin(this.metadataLength, start, end)
    this.metadataLength += end - start
    this.#addMetadataText(name)
    this.#addMetadataText(value)
    this.metadataEnd[index] = this.metadataLength
  }

  #addMetadataText(text: string): void {
    const most = text.length * 3
    this.#reserveMetadata(most + 5)
    // The length goes in front, and its own size depends on it: write behind the longest one, then move down.
    const start = this.metadataLength
    const { written } = encoder.encodeInto(text, this.metadata.subarray(start + 5))
    const head = writeVarint(this.metadata, start, written)
    this.metadata.copyWithin(head, start + 5, start + 5 + written)
    this.metadataLength = head + written
  }

  #addMetadataRange(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.#reserveMetadata(size + 5)
    let at = writeVarint(this.metadata, this.metadataLength, size)
    for (let index = start; index < end; index++) this.metadata[at++] = source[index]
    this.metadataLength = at
  }

  #reserveMetadata(size: number): void {
    const needed = this.metadataLength + size
    if (needed <= this.metadata.length) return
    const grown = new Uint8Array(Math.max(needed, this.metadata.length * 2, INITIAL_BYTES))
    grown.set(this.metadata.subarray(0, this.metadataLength))
    this.metadata = grown
  }

  #reserveOwn(size: number): void {
    const needed = this.#ownLength + size
    if (needed <= this.#own.length) return
    const grown = new Uint8Array(Math.max(needed, this.#own.length * 2, INITIAL_BYTES))
    grown.set(this.#own.subarray(0, this.#ownLength))
    this.#own = grown
  }

  #growEntries(): void {
    const size = this.streamOf.length * 2
    this.streamOf = grow(this.streamOf, size)
    this.seconds = grow(this.seconds, size)
    this.nanos = grow(this.nanos, size)
    this.lineStart = grow(this.lineStart, size)
    this.lineEnd = grow(this.lineEnd, size)
    this.metadataStart = grow(this.metadataStart, size)
    this.metadataEnd = grow(this.metadataEnd, size)
  }
}

/** Decodes a metadata range of a {@link LogBatch}; order and repetitions as they were sent. */
export function metadataPairs(bytes: Uint8Array, start: number, end: number): Label[] {
  const pairs: Label[] = []
  let at = start
  const text = (): string => {
    let size = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new WireError('truncated metadata', at)
      const byte = bytes[at++]
      size |= (byte & 127) << shift
      if (byte < 128) break
    }
    if (size > end - at) throw new WireError('truncated metadata', at)
    at += size
    return decodeUtf8(bytes, at - size, at)
  }
  for (;;) {
    if (at >= end) return pairs
    const name = text()
    pairs.push([name, text()])
  }
}

function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

function grow(column: Uint32Array, size: number): Uint32Array {
  const grown = new Uint32Array(size)
  grown.set(column)
  return grown
}
