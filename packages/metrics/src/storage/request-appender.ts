import { histogramProblem, RemoteWriteReader, RemoteWriteV2Reader, NO_BUCKETS, RESET_YES } from '@quartet/model'
import type { Labels, SnappyDecoder, WriteColumns, WrittenHistogram, NativeHistogram } from '@quartet/model'
import type { Batch } from './append-batch.ts'
import { HISTOGRAM, LATE_HISTOGRAM } from './append-batch.ts'
import { EMPTY_REPORT, NO_REF, NO_SERIES, sameMetadata, TOO_FAR_AHEAD } from './appender.ts'
import type { Appender } from './appender.ts'
import { APPENDABLE, DUPLICATE, OUT_OF_BOUNDS, OUT_OF_ORDER } from './head.ts'
import { checkLabels, readLabels } from './label-messages.ts'
import { refusalText } from './refusal-text.ts'
import type { SeriesTable } from './series-table.ts'
import type { LoggedExemplar } from './wal-records.ts'
import type { WriteReport } from './write-report.ts'

type Report = { -readonly [Key in keyof Omit<WriteReport, 'problem'>]: WriteReport[Key] }

/** Remote write into the head: 1.0 stores a request wholly or not at all, 2.0 stores what it can and names the rest. */
export class RequestAppender {
  readonly #appender: Appender
  readonly #reader = new RemoteWriteReader()
  #readerV2: RemoteWriteV2Reader | undefined
  /** Refs of the series of the request being read. */
  #seriesRefs = new Uint32Array(64)

  constructor(appender: Appender) {
    this.#appender = appender
  }

  /** See MetricsDatabase.appendRemoteWrite. Upstream stores nothing of a request with a sample out of order. */
  async append(body: Uint8Array): Promise<WriteReport> {
    const reader = this.#reader
    reader.read(body)
    const { report, batch } = this.#begin(reader)
    const problem = invalidHistogram(reader.histograms) ?? this.#appender.problemOf(batch, report)
    if (problem !== undefined) {
      this.#appender.giveBack(batch)
      return { ...report, problem }
    }
    return this.#finish(reader, batch, report, [])
  }

  /**
   * See MetricsDatabase.appendSnappyRemoteWrite: the short way of what nearly every request is, plain series of floats that are
   * known. Anything else is decoded once more and goes the long way.
   */
  async appendSnappy(body: Uint8Array, decoder: SnappyDecoder): Promise<WriteReport> {
    const { series } = this.#appender.head
    if (!series.kernel.readRequest(body, PLAIN_BYTES)) {
      const writing = this.append(decoder.decode(body))
      decoder.shrink(KEEP_BYTES)
      return writing
    }
    const refused = series.kernel.unknownCount > 0 ? this.#addUnknown(series) : NONE_REFUSED
    const { kernel } = series
    const batch = this.#appender.take(kernel.sampleCount)
    batch.refs.set(kernel.sampleRefs)
    batch.timesMs.set(kernel.timesMs)
    batch.values.set(kernel.values)
    if (refused.limited + refused.invalid > 0) batch.leaveOut(NO_REF, NO_SERIES)
    const report = { ...EMPTY_REPORT, ...refused }
    const problem = this.#appender.problemOf(batch, report)
    if (problem !== undefined) {
      this.#appender.giveBack(batch)
      return { ...report, problem }
    }
    report.samples = await this.#appender.commit(batch)
    return { ...report, problem: refused.limited > 0 ? this.#appender.limitText() : undefined }
  }

  /** Adds the series of a plain request that are new. Malformed labels throw before any of them is added. */
  #addUnknown(series: SeriesTable): { limited: number; invalid: number } {
    const { kernel } = series
    const { seriesCount } = kernel
    const refs = kernel.seriesRefs.slice()
    for (let index = 0; index < seriesCount; index++) {
      if (refs[index] !== NO_REF) continue
      const start = kernel.seriesStart(index)
      const end = kernel.seriesEnd(index)
      if (!kernel.isCanonical(kernel.bytes, start, end)) checkLabels(kernel.bytes, start, end)
    }
    const refused = { limited: 0, invalid: 0 }
    for (let index = 0; index < seriesCount; index++) {
      if (refs[index] === NO_REF)
        refs[index] = this.#addSeries(series, kernel.bytes, kernel.seriesStart(index), kernel.seriesEnd(index), refused)
    }
    this.#appender.head.reserve()
    const { sampleRefs, sampleSeries } = kernel
    for (let index = 0; index < sampleRefs.length; index++) sampleRefs[index] = refs[sampleSeries[index]]
    return refused
  }

  /** See MetricsDatabase.appendRemoteWriteV2. @param withZeros a zero where a series says that it began */
  async appendV2(body: Uint8Array, withZeros: boolean): Promise<WriteReport> {
    const reader = (this.#readerV2 ??= new RemoteWriteV2Reader())
    reader.read(body)
    const { report, batch } = this.#begin(reader)
    // Before the samples, and by itself: whether it is stored is told to nobody.
    const zeros = withZeros ? this.#appendZeros(reader) : undefined
    const problems = new Map<number, string[]>()
    const say = (series: number, text: string): void => {
      const texts = problems.get(series)
      if (texts) texts.push(text)
      else problems.set(series, [text])
    }
    const seriesAt = (index: number): number =>
      index < reader.sampleCount
        ? reader.sampleSeries[index]
        : reader.histograms[index - reader.sampleCount].seriesIndex
    this.#checkSeries(reader, say)
    this.#checkTimes(batch, seriesAt, (series, text) => say(series, `${text} for series ${this.#text(reader, series)}`))
    for (const [at, { histogram, problem }] of reader.histograms.entries()) {
      const index = reader.sampleCount + at
      const text = problem ?? histogramProblem(histogram)
      if (text === undefined || batch.verdicts[index] === NO_SERIES) continue
      batch.verdicts[index] = NO_SERIES
      say(seriesAt(index), `${text} for series ${this.#text(reader, seriesAt(index))}`)
    }
    this.#appender.judge(batch, (verdict, index) => {
      if (verdict === OUT_OF_ORDER) report.outOfOrder++
      else if (verdict === DUPLICATE) report.duplicate++
      else report.tooOld++
      const series = seriesAt(index)
      say(series, `${refusalText(batch, verdict, index)} for series ${this.#text(reader, series)}`)
      return true
    })
    const texts = [...problems].sort(([a], [b]) => a - b).flatMap(([, lines]) => lines)
    // The reader may be used again as soon as anything is awaited.
    const finished = this.#finish(reader, batch, report, texts)
    await Promise.all([zeros, finished])
    return finished
  }

  #begin(reader: WriteColumns): { report: Report; batch: Batch } {
    const refused = this.#resolveSeries(reader)
    const batch = this.#appender.take(reader.sampleCount + reader.histograms.length)
    this.#copySamples(reader, batch)
    return { report: { ...EMPTY_REPORT, ...refused }, batch }
  }

  async #finish(reader: WriteColumns, batch: Batch, report: Report, problems: string[]): Promise<WriteReport> {
    const { metadata } = this.#appender.options
    batch.exemplars = this.#readExemplars(reader)
    batch.metadata = reader.metadata.filter((entry) => !sameMetadata(metadata.get(entry.family), entry))
    report.exemplars = batch.exemplars.length
    if (batch.histograms !== undefined)
      for (let index = reader.sampleCount; index < batch.count; index++)
        if (batch.verdicts[index] === HISTOGRAM || batch.verdicts[index] === LATE_HISTOGRAM) report.histograms++
    if (report.limited > 0) problems.push(this.#appender.limitText())
    report.samples = await this.#appender.commit(batch)
    return { ...report, problem: problems.length > 0 ? problems.join('\n') : undefined }
  }

  /** Fills {@link #seriesRefs}. Malformed labels throw before any series of the request is added. */
  #resolveSeries(reader: WriteColumns): { limited: number; invalid: number } {
    const { series } = this.#appender.head
    const { bytes, seriesCount } = reader
    if (seriesCount > this.#seriesRefs.length) this.#seriesRefs = new Uint32Array(2 * seriesCount)
    const refs = this.#seriesRefs
    const unknown: number[] = []
    for (let index = 0; index < seriesCount; index++) {
      const ref = series.lookup(bytes, reader.seriesStart[index], reader.seriesEnd[index])
      if (ref < 0) unknown.push(index)
      refs[index] = ref
    }
    if (unknown.length === 0) return NONE_REFUSED
    for (const index of unknown) checkLabels(bytes, reader.seriesStart[index], reader.seriesEnd[index])
    const refused = { limited: 0, invalid: 0 }
    for (const index of unknown) {
      refs[index] = this.#addSeries(series, bytes, reader.seriesStart[index], reader.seriesEnd[index], refused)
    }
    this.#appender.head.reserve()
    return refused
  }

  /** The series with these labels, added unless it came meanwhile; {@link NO_REF} when it cannot be, which is counted. */
  #addSeries(
    series: SeriesTable,
    bytes: Uint8Array,
    start: number,
    end: number,
    refused: { limited: number; invalid: number },
  ): number {
    const known = series.lookup(bytes, start, end)
    if (known >= 0) return known
    // Another spelling of a known series is not held up by the limit, but only adding tells.
    if (this.#appender.isFull()) {
      refused.limited++
      return NO_REF
    }
    const before = series.count
    const ref = series.add(bytes, start, end)
    this.#appender.counters.seriesCreated += series.count - before
    if (ref >= 0) return ref
    refused.invalid++
    return NO_REF
  }

  #copySamples(reader: WriteColumns, batch: Batch): void {
    const { sampleCount, sampleSeries } = reader
    const refs = this.#seriesRefs
    batch.timesMs.set(reader.timesMs.subarray(0, sampleCount))
    batch.values.set(reader.values.subarray(0, sampleCount))
    for (let index = 0; index < sampleCount; index++) {
      const ref = refs[sampleSeries[index]]
      batch.refs[index] = ref
      if (ref === NO_REF) batch.verdicts[index] = NO_SERIES
    }
    for (const [at, { seriesIndex, timeMs, histogram, isStale }] of reader.histograms.entries()) {
      const index = sampleCount + at
      const ref = refs[seriesIndex]
      batch.refs[index] = ref
      batch.timesMs[index] = timeMs
      if (ref === NO_REF) batch.verdicts[index] = NO_SERIES
      else if (isStale) batch.setStale(index)
      else batch.setHistogram(index, histogram)
    }
  }

  /** Zeros that come late are left out, as they are when a series goes on. */
  async #appendZeros(reader: RemoteWriteV2Reader): Promise<void> {
    const { head } = this.#appender
    const zeros = new Map<number, { readonly createdMs: number; readonly histogram: NativeHistogram | undefined }>()
    const add = (index: number, timeMs: number, histogram?: NativeHistogram): void => {
      const series = this.#seriesRefs[index]
      const createdMs = reader.createdMs[index]
      if (series === NO_REF || createdMs === 0 || timeMs === 0 || createdMs >= timeMs) return
      if (createdMs <= head.lastMsOf(series) || zeros.has(series)) return
      zeros.set(series, { createdMs, histogram: histogram && withoutObservations(histogram) })
    }
    for (let at = 0; at < reader.sampleCount; at++) add(reader.sampleSeries[at], reader.timesMs[at])
    for (const { seriesIndex, timeMs, histogram } of reader.histograms) add(seriesIndex, timeMs, histogram)
    if (zeros.size === 0) return
    const batch = this.#appender.take(zeros.size)
    let index = 0
    for (const [series, { createdMs, histogram }] of zeros) {
      batch.refs[index] = series
      batch.timesMs[index] = createdMs
      batch.values[index] = 0
      if (histogram !== undefined) batch.setHistogram(index, histogram)
      index++
    }
    this.#appender.judge(batch, (_, refused) => {
      batch.verdicts[refused] = NO_SERIES
      return true
    })
    await this.#appender.commit(batch)
  }

  #readExemplars(reader: WriteColumns): LoggedExemplar[] {
    const exemplars: LoggedExemplar[] = []
    for (const written of reader.exemplars) {
      const series = this.#seriesRefs[written.seriesIndex]
      if (series === NO_REF) continue
      const labels = readLabels(reader.bytes, written.labelsStart, written.labelsEnd)
      exemplars.push({ series, labels, value: written.value, timeMs: written.timeMs })
    }
    return exemplars
  }

  /** Names the series that were refused for their labels, or for having nothing but labels. */
  #checkSeries(reader: RemoteWriteV2Reader, say: (series: number, text: string) => void): void {
    const isFilled = new Uint8Array(reader.seriesCount)
    for (let index = 0; index < reader.sampleCount; index++) isFilled[reader.sampleSeries[index]] = 1
    for (const { seriesIndex } of reader.histograms) isFilled[seriesIndex] = 1
    for (let series = 0; series < reader.seriesCount; series++) {
      const problem = reader.labelProblems.get(series)
      if (problem !== undefined) say(series, problem)
      else if (this.#seriesRefs[series] === NO_REF) {
        const text = labelProblem(readLabels(reader.bytes, reader.seriesStart[series], reader.seriesEnd[series]))
        if (text !== undefined) say(series, text)
      } else if (isFilled[series] === 0)
        say(series, `TimeSeries must contain at least one sample or histogram for series ${this.#text(reader, series)}`)
    }
  }

  #checkTimes(batch: Batch, seriesAt: (index: number) => number, say: (series: number, text: string) => void): void {
    const { latestMs } = this.#appender
    for (let index = 0; index < batch.count; index++) {
      const verdict = batch.verdicts[index]
      if (batch.timesMs[index] <= latestMs || (verdict !== APPENDABLE && verdict !== HISTOGRAM)) continue
      batch.verdicts[index] = OUT_OF_BOUNDS
      say(seriesAt(index), TOO_FAR_AHEAD)
    }
  }

  #text(reader: WriteColumns, series: number): string {
    return labelsText(sorted(readLabels(reader.bytes, reader.seriesStart[series], reader.seriesEnd[series])))
  }
}

/** A plain request larger than this is read in JavaScript, whose buffers can shrink again. */
const PLAIN_BYTES = 4 << 20
/** A decoder's buffer larger than this is given back after the request. */
const KEEP_BYTES = 4 << 20

/** A histogram of the same layout without observations, which is a reset by definition. */
function withoutObservations(histogram: NativeHistogram): NativeHistogram {
  const nothing = { count: 0, sum: 0, zeroCount: 0, positive: NO_BUCKETS, negative: NO_BUCKETS }
  return { ...histogram, ...nothing, resetHint: RESET_YES }
}

const NONE_REFUSED = { limited: 0, invalid: 0 }

function invalidHistogram(histograms: readonly WrittenHistogram[]): string | undefined {
  for (const { histogram, problem, isStale } of histograms) {
    const text = problem ?? (isStale ? undefined : histogramProblem(histogram))
    if (text !== undefined) return text
  }
  return undefined
}

/** Why a series cannot be; undefined when its labels are fine and something else refused it. */
function labelProblem(unsorted: Labels): string | undefined {
  const labels = sorted(unsorted)
  const hasName = labels.some(([name, value]) => name === '__name__' && value !== '')
  if (!hasName || labels.some(([name]) => name === ''))
    return `invalid metric name or labels, got ${labelsText(labels)}`
  const at = labels.findIndex(([name], index) => index > 0 && labels[index - 1][0] === name)
  if (at > 0) return `invalid labels for series, labels ${labelsText(labels)}, duplicated label ${labels[at][0]}`
  return labels.some(([name, value]) => `${name}${value}`.includes('\ufffd'))
    ? `invalid metric name or labels, got ${labelsText(labels)}`
    : undefined
}

function sorted(labels: Labels): Labels {
  return labels.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** Upstream's Labels.String. */
function labelsText(labels: Labels): string {
  const pairs = labels.map(([name, value]) => {
    const shown = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name)
    return `${shown}=${JSON.stringify(value)}`
  })
  return `{${pairs.join(', ')}}`
}
