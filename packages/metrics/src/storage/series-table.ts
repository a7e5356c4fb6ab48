import { compareText, isValidUtf8, METRIC_NAME, ProtoReader, ProtoWriter, readLabelPair } from '@quartet/model'
import type { LabelRange, Labels } from '@quartet/model'
import { LabelTable, NO_PAIR } from './label-table.ts'
import { SeriesKernel } from './series-kernel.ts'

/** What {@link SeriesTable.add} says of labels that no series can have. */
export const INVALID_SERIES = -2
/** What {@link SeriesTable.lookup} says of labels that it has not seen yet. */
export const UNKNOWN_SERIES = -1

/**
 * The series of the head, known by the raw bytes of their label messages as remote write sends them. A sender repeats its series in
 * the same order, so that the series that followed last time is compared first: a known series costs neither a hash nor a string.
 * {@link kernel} does this, for one series or for a whole request.
 */
export class SeriesTable {
  readonly labels = new LabelTable()
  /** Raw spellings; several may mean one series (unsorted labels, empty values). */
  readonly kernel = new SeriesKernel()
  /** Canonical spelling by series. */
  #spellingOf = new Uint32Array(1024)
  #pairStart = new Uint32Array(1025)
  #pairs = new Uint32Array(8192)
  count = 0
  readonly #writer = new ProtoWriter()

  get sizeBytes(): number {
    return this.kernel.sizeBytes + this.labels.sizeBytes + 4 * this.#pairs.length + 8 * this.#spellingOf.length
  }

  /** The series with these label messages, or {@link UNKNOWN_SERIES}. */
  lookup(bytes: Uint8Array, start: number, end: number): number {
    const found = this.kernel.find(bytes, start, end)
    return found === 0 ? UNKNOWN_SERIES : this.kernel.seriesOf(found)
  }

  /**
   * Adds the series with these label messages. Labels are put in order first; {@link INVALID_SERIES} when one is not valid UTF-8,
   * has an empty name, comes twice, or when there is no metric name.
   * @throws WireError when the bytes are not label messages; nothing is added then
   */
  add(bytes: Uint8Array, start: number, end: number): number {
    const { kernel } = this
    if (kernel.isCanonical(bytes, start, end)) return this.#addCanonical(bytes, start, end)
    // Out of the kernel's memory, which moves when it grows.
    const spelling = bytes.slice(start, end)
    const canonical = this.#canonical(spelling)
    if (canonical === undefined) return INVALID_SERIES
    const series = this.#addCanonical(canonical, 0, canonical.length)
    if (kernel.find(spelling, 0, spelling.length) === 0) kernel.add(spelling, 0, spelling.length, series)
    return series
  }

  /** The series with these labels, added when new. */
  resolve(labels: Labels): number {
    const message = encodeLabels(this.#writer, labels)
    const found = this.lookup(message, 0, message.length)
    return found === UNKNOWN_SERIES ? this.add(message, 0, message.length) : found
  }

  /** The series with these labels, or {@link UNKNOWN_SERIES}. */
  find(labels: Labels): number {
    const message = encodeLabels(this.#writer, labels)
    return this.lookup(message, 0, message.length)
  }

  /** Canonical label messages of a series, a view. */
  message(series: number): Uint8Array {
    const spelling = this.#spellingOf[series]
    return this.kernel.bytes.subarray(this.kernel.startOf(spelling), this.kernel.endOf(spelling))
  }

  messageBytes(series: number): number {
    const spelling = this.#spellingOf[series]
    return this.kernel.endOf(spelling) - this.kernel.startOf(spelling)
  }

  /** Copies {@link message} to `at` of `target`, without a view of it: garbage per series is felt when a hundred thousand are new. */
  copyMessage(series: number, target: Uint8Array, at: number): void {
    const spelling = this.#spellingOf[series]
    this.kernel.bytes.copy(target, at, this.kernel.startOf(spelling), this.kernel.endOf(spelling))
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

  #addCanonical(bytes: Uint8Array, start: number, end: number): number {
    const { kernel } = this
    const known = kernel.find(bytes, start, end)
    if (known !== 0) return kernel.seriesOf(known)
    const series = this.count
    const spelling = kernel.add(bytes, start, end, series)
    if (series === this.#spellingOf.length) {
      this.#spellingOf = grown(this.#spellingOf, 2 * series)
      this.#pairStart = grown(this.#pairStart, 2 * series + 1)
    }
    this.#spellingOf[series] = spelling
    this.#addPairs(series, kernel.startOf(spelling), kernel.endOf(spelling))
    this.count = series + 1
    return series
  }

  /** Takes the labels apart. Most are those of the series before, in the same place. */
  #addPairs(series: number, start: number, end: number): void {
    const { bytes, view } = this.kernel
    const { labels } = this
    const first = this.#pairStart[series]
    let before = series > 0 ? this.#pairStart[series - 1] : 0
    let at = first
    for (let from = start; from < end; at++) {
      const to = messageEnd(bytes, from)
      if (at === this.#pairs.length) this.#pairs = grown(this.#pairs, 2 * at)
      const guess = before < first ? this.#pairs[before++] : NO_PAIR
      const pair = labels.intern(bytes, view, from, to, guess)
      labels.addSeries(pair, series)
      this.#pairs[at] = pair
      from = to
    }
    this.#pairStart[series + 1] = at
  }

  /** The labels sorted, without empty values, in the one way to write them; undefined when they are not valid. */
  #canonical(bytes: Uint8Array): Uint8Array | undefined {
    const reader = new ProtoReader(bytes)
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

function grown(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(column)
  return larger
}
