import { compareText, isValidUtf8, METRIC_NAME, ProtoReader, ProtoWriter, readLabelPair } from '@quartet/model'
import type { LabelRange, Labels } from '@quartet/model'
import { ByteTable, viewOf } from './byte-table.ts'
import { LabelTable } from './label-table.ts'

/** What {@link SeriesTable.lookup} says of labels that no series can have. */
export const INVALID_SERIES = -2
/** … and of labels that it has not seen yet. */
export const UNKNOWN_SERIES = -1

/**
 * The series of the head, known by the raw bytes of their label messages as remote write sends them. A sender repeats its series in
 * the same order, so that the series that followed last time is compared first: a known series costs neither a hash nor a string.
 */
export class SeriesTable {
  readonly labels = new LabelTable()
  /** Raw spellings; several may mean one series (unsorted labels, empty values). */
  readonly #spellings = new ByteTable(1024)
  /** Series by spelling, or {@link INVALID_SERIES}. */
  #seriesOf = new Int32Array(1024)
  /** Spelling that followed this one last time. */
  #next = new Int32Array(1024).fill(-1)
  #previous = 0
  /** Canonical spelling by series. */
  #spellingOf = new Uint32Array(1024)
  #pairStart = new Uint32Array(1025)
  #pairs = new Uint32Array(8192)
  count = 0
  readonly #writer = new ProtoWriter()

  get sizeBytes(): number {
    return this.#spellings.sizeBytes + this.labels.sizeBytes + 4 * this.#pairs.length + 16 * this.#next.length
  }

  /** The series with these label messages, {@link UNKNOWN_SERIES} or {@link INVALID_SERIES}. */
  lookup(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const guess = this.#next[this.#previous]
    if (guess >= 0 && this.#spellings.equals(guess, view, start, end)) {
      this.#previous = guess
      return this.#seriesOf[guess]
    }
    const found = this.#spellings.find(bytes, start, end, view)
    if (found < 0) return UNKNOWN_SERIES
    this.#next[this.#previous] = found
    this.#previous = found
    return this.#seriesOf[found]
  }

  /**
   * Adds the series with these label messages. Labels are put in order first; {@link INVALID_SERIES} when one is not valid UTF-8,
   * has an empty name, comes twice, or when there is no metric name.
   * @throws WireError when the bytes are not label messages; nothing is added then
   */
  add(bytes: Uint8Array, start: number, end: number): number {
    const canonical = this.#canonical(bytes, start, end)
    const isSpelledSo = canonical !== undefined && equalBytes(canonical, bytes, start, end)
    const series = canonical === undefined ? INVALID_SERIES : this.#addCanonical(canonical)
    // Wrong spellings are not kept: there may be any number of them.
    if (!isSpelledSo && series !== INVALID_SERIES) this.#addSpelling(bytes, start, end, series)
    return series
  }

  /** The series with these labels, added when new. */
  resolve(labels: Labels): number {
    const message = encodeLabels(this.#writer, labels)
    const found = this.lookup(message, viewOf(message), 0, message.length)
    return found === UNKNOWN_SERIES ? this.add(message, 0, message.length) : found
  }

  /** The series with these labels, or {@link UNKNOWN_SERIES}. */
  find(labels: Labels): number {
    const message = encodeLabels(this.#writer, labels)
    return this.lookup(message, viewOf(message), 0, message.length)
  }

  /** Canonical label messages of a series, a view. */
  message(series: number): Uint8Array {
    const spelling = this.#spellingOf[series]
    return this.#spellings.bytes.subarray(this.#spellings.start(spelling), this.#spellings.end(spelling))
  }

  labelsOf(series: number): Labels {
    const labels: [string, string][] = []
    for (let at = this.#pairStart[series]; at < this.#pairStart[series + 1]; at++) {
      labels.push(this.labels.label(this.#pairs[at]) as [string, string])
    }
    return labels
  }

  /** Calls `visit` for every pair of a series. */
  forEachPair(series: number, visit: (pair: number) => void): void {
    for (let at = this.#pairStart[series]; at < this.#pairStart[series + 1]; at++) visit(this.#pairs[at])
  }

  /** Orders series by their labels. */
  compare(a: number, b: number): number {
    let left = this.#pairStart[a]
    let right = this.#pairStart[b]
    const leftEnd = this.#pairStart[a + 1]
    const rightEnd = this.#pairStart[b + 1]
    for (; left < leftEnd && right < rightEnd; left++, right++) {
      if (this.#pairs[left] !== this.#pairs[right]) return this.labels.compare(this.#pairs[left], this.#pairs[right])
    }
    return leftEnd - left - (rightEnd - right)
  }

  #addCanonical(message: Uint8Array): number {
    const known = this.#spellings.find(message, 0, message.length)
    if (known >= 0) return this.#seriesOf[known]
    const series = this.count
    const spelling = this.#addSpelling(message, 0, message.length, series)
    if (series === this.#spellingOf.length) {
      this.#spellingOf = grown(this.#spellingOf, 2 * series)
      this.#pairStart = grown(this.#pairStart, 2 * series + 1)
    }
    this.#spellingOf[series] = spelling
    this.#addPairs(message, series)
    this.count = series + 1
    return series
  }

  #addPairs(message: Uint8Array, series: number): void {
    let at = this.#pairStart[series]
    for (let start = 0; start < message.length;) {
      const end = messageEnd(message, start)
      if (at === this.#pairs.length) this.#pairs = grown(this.#pairs, 2 * at)
      const pair = this.labels.intern(message, start, end)
      this.labels.addSeries(pair, series)
      this.#pairs[at++] = pair
      start = end
    }
    this.#pairStart[series + 1] = at
  }

  #addSpelling(bytes: Uint8Array, start: number, end: number, series: number): number {
    const spelling = this.#spellings.intern(bytes, start, end)
    if (spelling >= this.#next.length) {
      const larger = new Int32Array(2 * this.#next.length).fill(-1)
      larger.set(this.#next)
      this.#next = larger
      const seriesOf = new Int32Array(larger.length)
      seriesOf.set(this.#seriesOf)
      this.#seriesOf = seriesOf
    }
    this.#seriesOf[spelling] = series
    this.#next[this.#previous] = spelling
    this.#previous = spelling
    return spelling
  }

  /** The labels sorted, without empty values, in the one way to write them; undefined when they are not valid. */
  #canonical(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const reader = new ProtoReader(bytes, start, end)
    const range: LabelRange = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const labels: [string, string][] = []
    let isValid = true
    while (readLabelPair(reader, range)) {
      if (!isValidUtf8(bytes, range.nameStart, range.nameEnd) || range.nameStart === range.nameEnd) isValid = false
      if (!isValidUtf8(bytes, range.valueStart, range.valueEnd)) isValid = false
      const name = text.toString('utf8', range.nameStart, range.nameEnd)
      labels.push([name, text.toString('utf8', range.valueStart, range.valueEnd)])
    }
    if (!isValid) return undefined
    labels.sort((a, b) => compareText(a[0], b[0]))
    for (let index = 1; index < labels.length; index++) if (labels[index][0] === labels[index - 1][0]) return undefined
    const filled = labels.filter(([, value]) => value !== '')
    if (!filled.some(([name]) => name === METRIC_NAME)) return undefined
    return encodeLabels(this.#writer, filled)
  }
}

/** Label messages as remote write sends them; a view, valid until the writer's next use. */
export function encodeLabels(writer: ProtoWriter, labels: Labels): Uint8Array {
  writer.reset()
  for (const [name, value] of labels) {
    const start = writer.begin(1)
    writer.string(1, name).string(2, value)
    writer.finish(start)
  }
  return writer.view()
}

function messageEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    length |= (byte & 127) << shift
    if (byte < 128) return at + length
  }
}

function equalBytes(a: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (a.length !== end - start) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== bytes[start + index]) return false
  return true
}

function grown(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(column)
  return larger
}
