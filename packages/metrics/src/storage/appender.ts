import { histogramProblem, LimitError, writeStale } from '@quartet/model'
import type { AppendReport, Exemplar, Labels, MetricMetadata, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import type { Wal } from '@quartet/storage'
import { Batch, HISTOGRAM, LATE, LATE_HISTOGRAM, OVERTAKEN, OVERTAKEN_HISTOGRAM } from './append-batch.ts'
import type { ExemplarRing } from './exemplar-ring.ts'
import type { Head, Verdict } from './head.ts'
import { APPENDABLE, DUPLICATE, OUT_OF_BOUNDS, OUT_OF_ORDER, REPEATED, TOO_OLD } from './head.ts'
import { applyLate, isOvertaken, logLate, logOvertaken } from './late-append.ts'
import { refusalText } from './refusal-text.ts'
import { SeriesForwards } from './series-forwards.ts'
import { INVALID_SERIES, UNKNOWN_SERIES } from './series-table.ts'
import { RecordWriter } from './wal-records.ts'
import type { WriteReport } from './write-report.ts'
import type { WrittenSample } from './written-sample.ts'

/** Stands for a series that was refused. */
export const NO_REF = 0xffffffff
/** Verdict of a sample whose series was refused. */
export const NO_SERIES = 9
/** Upstream's maxAheadTime of remote write. */
const MAX_AHEAD_MS = 10 * 60_000

export interface AppenderCounters {
  samples: number
  outOfOrder: number
  duplicate: number
  outOfBounds: number
  tooOld: number
  /** Stored although they came out of order. */
  late: number
  exemplarsOutOfOrder: number
  seriesCreated: number
}

export interface AppenderOptions {
  readonly wal: Wal
  readonly nowMs: () => number
  readonly blockRangeMs: number
  /** 0: no limit. */
  readonly maxSeries: number
  readonly exemplars: ExemplarRing
  readonly metadata: Map<string, MetricMetadata>
}

/** The one way into the head: log, then apply. */
export class Appender implements SampleSink {
  epoch = 1
  head: Head
  readonly counters: AppenderCounters = {
    samples: 0,
    outOfOrder: 0,
    duplicate: 0,
    outOfBounds: 0,
    tooOld: 0,
    late: 0,
    exemplarsOutOfOrder: 0,
    seriesCreated: 0,
  }
  readonly options: AppenderOptions
  /** `out_of_order_time_window`: how far behind the head's newest a sample may come that is not its series' newest. 0: not at all. */
  lateWindowMs = 0
  readonly #record = new RecordWriter()
  readonly #pool: Batch[] = []
  readonly #inFlight = new Set<Promise<unknown>>()
  /** Counts WAL checkpoints: definitions logged before one must be repeated after it. */
  #generation = 0
  readonly #forwards = new SeriesForwards()

  constructor(head: Head, options: AppenderOptions) {
    this.head = head
    this.options = options
  }

  // --- SampleSink -------------------------------------------------------------------------------------------------

  resolve(labels: Labels): SeriesRef {
    const { series } = this.head
    let ref = series.find(labels)
    if (ref === UNKNOWN_SERIES) {
      this.#checkLimit()
      ref = series.resolve(labels)
      if (ref >= 0) this.#added()
    }
    if (ref === INVALID_SERIES) throw new RangeError('a series needs a metric name and valid, distinct label names')
    return (this.#forwards.base + ref) as SeriesRef
  }

  async append(samples: SampleBatch, exemplars?: readonly Exemplar[]): Promise<AppendReport> {
    const batch = this.take(samples.count)
    const { count } = samples
    const report = { outOfOrder: 0, tooOld: 0, duplicate: 0 }
    for (let index = 0; index < count; index++) {
      const series = this.#seriesOf(samples.refs[index])
      batch.refs[index] = series
      if (series !== NO_REF) continue
      // The series died, and its number with it: the caller will see the new epoch and resolve it again.
      batch.verdicts[index] = NO_SERIES
      report.tooOld++
    }
    batch.timesMs.set(samples.timesMs.subarray(0, count))
    batch.values.set(samples.values.subarray(0, count))
    if (samples.histograms !== undefined) this.#takeHistograms(batch, samples.histograms)
    this.judge(batch, (verdict) => {
      if (verdict === OUT_OF_ORDER) report.outOfOrder++
      else if (verdict === DUPLICATE) report.duplicate++
      else report.tooOld++
      return true
    })
    if (exemplars) {
      for (const { ref, labels, value, timeMs } of exemplars) {
        const series = this.#seriesOf(ref)
        if (series !== NO_REF) batch.exemplars.push({ series, labels, value, timeMs })
      }
    }
    await this.commit(batch)
    return report
  }

  /** Those that cannot be stored are left out: who scrapes has looked at them. */
  #takeHistograms(batch: Batch, histograms: NonNullable<SampleBatch['histograms']>): void {
    for (let index = 0; index < batch.count; index++) {
      const histogram = histograms[index]
      if (histogram === undefined || batch.verdicts[index] !== APPENDABLE) continue
      if (histogramProblem(histogram) === undefined) batch.setHistogram(index, histogram)
      else batch.verdicts[index] = NO_SERIES
    }
  }

  /** The head's number of a series, or {@link NO_REF}. */
  #seriesOf(ref: number): number {
    const { base } = this.#forwards
    if (ref >= base) return ref - base
    const series = this.#forwards.seriesOf(ref)
    return series < 0 ? NO_REF : series
  }

  describe(metadata: readonly MetricMetadata[]): void {
    const fresh = metadata.filter((entry) => !sameMetadata(this.options.metadata.get(entry.family), entry))
    if (fresh.length === 0) return
    const batch = this.take(0)
    batch.metadata = fresh
    // Metadata is a comment on the data: a disk that refuses it refuses samples, too, and they report it.
    this.commit(batch).catch(() => {})
  }

  /** Stores samples that are already labelled: all of them, or none when the report names a problem. */
  async appendSamples(samples: readonly WrittenSample[], metadata: readonly MetricMetadata[]): Promise<WriteReport> {
    const invalid = firstProblem(samples)
    if (invalid !== undefined) return { ...EMPTY_REPORT, problem: invalid }
    const report = { ...EMPTY_REPORT }
    const refs = samples.map(({ labels }) => this.#resolveOrRefuse(labels, report))
    this.head.reserve()
    const batch = this.take(samples.length)
    for (const [index, { timeMs, value, isStale, isOptional, exemplars, histogram }] of samples.entries()) {
      const ref = refs[index]
      batch.refs[index] = ref
      batch.timesMs[index] = timeMs
      batch.values[index] = value
      if (isStale) writeStale(batch.bits, index)
      if (histogram !== undefined && ref !== NO_REF) batch.setHistogram(index, histogram)
      if (ref === NO_REF || (isOptional && timeMs < this.head.lastMsOf(ref))) batch.verdicts[index] = NO_SERIES
      if (ref !== NO_REF) for (const exemplar of exemplars) batch.exemplars.push({ series: ref, ...exemplar })
    }
    const problem = this.problemOf(batch, report)
    if (problem !== undefined) {
      this.giveBack(batch)
      return { ...report, problem }
    }
    batch.metadata = metadata.filter((entry) => !sameMetadata(this.options.metadata.get(entry.family), entry))
    report.exemplars = batch.exemplars.length
    report.samples = await this.commit(batch)
    return { ...report, problem: report.limited > 0 ? this.limitText() : undefined }
  }

  #resolveOrRefuse(labels: Labels, report: { limited: number; invalid: number }): number {
    const { series } = this.head
    let ref = series.find(labels)
    if (ref === UNKNOWN_SERIES && this.isFull()) {
      report.limited++
      return NO_REF
    }
    if (ref === UNKNOWN_SERIES) {
      ref = series.resolve(labels)
      if (ref >= 0) this.#added()
    }
    if (ref >= 0) return ref
    report.invalid++
    return NO_REF
  }

  /** What upstream would refuse the whole request for; counted in `report`. */
  problemOf(batch: Batch, report: { outOfOrder: number; duplicate: number; tooOld: number }): string | undefined {
    let problem = futureProblem(batch, this.latestMs)
    if (problem !== undefined) return problem
    this.judge(batch, (verdict, index) => {
      if (verdict === OUT_OF_ORDER) report.outOfOrder++
      else if (verdict === DUPLICATE) report.duplicate++
      else report.tooOld++
      countRefusal(this.counters, verdict)
      problem = refusalText(batch, verdict, index)
      return false
    })
    return problem
  }

  // --- log, then apply --------------------------------------------------------------------------------------------

  /** Sets verdicts by the head as it is now; `refuse` may stop by returning false. */
  judge(batch: Batch, refuse: (verdict: Verdict, index: number) => boolean): void {
    const { head, refs, timesMs, bits, verdicts } = batch
    const seriesCount = head.series.count
    const lowestMs = head.lowestMs(this.options.blockRangeMs)
    for (let index = 0; index < batch.count; index++) {
      if (verdicts[index] !== APPENDABLE && verdicts[index] !== HISTOGRAM) continue
      if (refs[index] >= seriesCount) throw new RangeError(`unknown series ref ${refs[index]}`)
      let verdict =
        verdicts[index] === APPENDABLE
          ? head.check(refs[index], timesMs[index], bits[2 * index], bits[2 * index + 1], lowestMs)
          : head.checkHistogram(refs[index], timesMs[index], batch.histograms![index]!, lowestMs)
      if (verdict === APPENDABLE) continue
      if (this.lateWindowMs > 0 && (verdict === OUT_OF_ORDER || verdict === OUT_OF_BOUNDS)) {
        if (timesMs[index] >= head.maxMs - this.lateWindowMs) {
          verdicts[index] = verdicts[index] === HISTOGRAM ? LATE_HISTOGRAM : LATE
          continue
        }
        verdict = TOO_OLD
      }
      verdicts[index] = verdict
      if (verdict !== REPEATED && !refuse(verdict, index)) return
    }
  }

  /** Returns how many samples were stored. */
  commit(batch: Batch): Promise<number> {
    const done = this.#logAndApply(batch)
    this.#inFlight.add(done)
    const forget = (): void => void this.#inFlight.delete(done)
    done.then(forget, forget)
    return done
  }

  async #logAndApply(batch: Batch): Promise<number> {
    this.#encode(batch)
    if (this.#record.length > 0) await this.options.wal.append(this.#record.view())
    if (batch.head !== this.head) this.#translate(batch)
    else if (batch.generation === this.#generation) batch.mark(this.head.isLogged, 1)
    let stored = this.#apply(batch)
    if (batch.overtaken > 0) stored += await this.#logOvertaken(batch)
    this.#pool.push(batch)
    return stored
  }

  /** What newer samples, of this batch or another, have overtaken on the way. */
  async #logOvertaken(batch: Batch): Promise<number> {
    const record = this.#record.reset()
    logOvertaken(record, batch, this.head)
    await this.options.wal.append(record.view())
    if (batch.head !== this.head) this.#translate(batch)
    let stored = 0
    for (let index = 0; index < batch.count; index++)
      if (isOvertaken(batch, index)) stored += this.#applyLate(batch, index)
    this.counters.samples += stored
    return stored
  }

  #applyLate(batch: Batch, index: number): number {
    const stored = Number(applyLate(this.head, batch, index))
    this.counters.late += stored
    return stored
  }

  #encode(batch: Batch): void {
    const { head } = batch
    const { isLogged } = head
    const record = this.#record.reset()
    batch.generation = this.#generation
    const define = (series: number): void => {
      if (isLogged[series] !== 0) return
      isLogged[series] = 2
      batch.defined.push(series)
      record.series(series, head.series)
    }
    let isEmpty = true
    let hasLate = false
    for (let index = 0; index < batch.count; index++) {
      const verdict = batch.verdicts[index]
      if (verdict === LATE || verdict === LATE_HISTOGRAM) hasLate = true
      else if (verdict !== APPENDABLE && verdict !== HISTOGRAM) continue
      isEmpty = false
      if (isLogged[batch.refs[index]] === 0) define(batch.refs[index])
    }
    for (const exemplar of batch.exemplars) define(exemplar.series)
    // Until this record is durable, other batches carry the definition as well.
    batch.mark(isLogged, 0)
    if (!isEmpty) record.samples(batch, batch.count, batch.verdicts)
    const { histograms, refs, timesMs } = batch
    if (histograms) record.histograms({ refs, timesMs, histograms }, batch.count, batch.verdicts, HISTOGRAM)
    if (hasLate) logLate(record, batch)
    if (batch.exemplars.length > 0) record.exemplars(batch.exemplars)
    if (batch.metadata.length > 0) record.metadata(batch.metadata)
  }

  #apply(batch: Batch): number {
    const { head } = this
    const { refs, timesMs, bits, verdicts, count } = batch
    const { counters } = this
    const floorMs = head.floorMs
    let stored = 0
    for (let index = 0; index < count; index++) {
      if (verdicts[index] !== APPENDABLE) {
        if (verdicts[index] === HISTOGRAM) stored += this.#applyHistogram(batch, index)
        else if (verdicts[index] === LATE || verdicts[index] === LATE_HISTOGRAM) stored += this.#applyLate(batch, index)
        else countRefusal(counters, verdicts[index])
        continue
      }
      // Again, since other batches, and samples of this one, came in between.
      const verdict = head.check(refs[index], timesMs[index], bits[2 * index], bits[2 * index + 1], floorMs)
      if (verdict === APPENDABLE) {
        head.append(refs[index], timesMs[index], bits[2 * index], bits[2 * index + 1])
        stored++
      } else if (!this.#isOvertaken(batch, index, verdict, OVERTAKEN)) countRefusal(counters, verdict)
    }
    counters.samples += stored
    for (const { series, labels, value, timeMs } of batch.exemplars) {
      const verdict = this.options.exemplars.add(head.series.labelsOf(series), labels, value, timeMs)
      if (verdict === 'out of order') counters.exemplarsOutOfOrder++
    }
    for (const entry of batch.metadata) this.options.metadata.set(entry.family, entry)
    return stored
  }

  #applyHistogram(batch: Batch, index: number): number {
    const series = batch.refs[index]
    const timeMs = batch.timesMs[index]
    const histogram = batch.histograms![index]!
    const verdict = this.head.checkHistogram(series, timeMs, histogram, this.head.floorMs)
    if (verdict === APPENDABLE) {
      this.head.appendHistogram(series, timeMs, histogram)
      return 1
    }
    if (!this.#isOvertaken(batch, index, verdict, OVERTAKEN_HISTOGRAM)) countRefusal(this.counters, verdict)
    return 0
  }

  #isOvertaken(batch: Batch, index: number, verdict: Verdict, then: number): boolean {
    if (this.lateWindowMs === 0 || (verdict !== OUT_OF_ORDER && verdict !== OUT_OF_BOUNDS)) return false
    if (batch.timesMs[index] < this.head.maxMs - this.lateWindowMs) return false
    batch.verdicts[index] = then
    batch.overtaken++
    return true
  }

  /** The head was renumbered while the batch waited for the disk. */
  #translate(batch: Batch): void {
    const translate = (ref: number): number => {
      const message = batch.head.series.message(ref)
      const known = this.head.series.lookup(message, 0, message.length)
      return known >= 0 ? known : this.head.series.add(message, 0, message.length)
    }
    for (let index = 0; index < batch.count; index++) {
      if (batch.refs[index] !== NO_REF) batch.refs[index] = translate(batch.refs[index])
    }
    batch.exemplars = batch.exemplars.map((exemplar) => ({ ...exemplar, series: translate(exemplar.series) }))
    batch.head = this.head
    this.head.reserve()
  }

  // --- used by maintenance ----------------------------------------------------------------------------------------

  /** Definitions must be logged again from now on. */
  forgetLogged(): void {
    this.#generation++
    this.head.isLogged.fill(0)
  }

  /** Marks a series as logged by a checkpoint. */
  markLogged(series: number): void {
    this.head.isLogged[series] = 1
  }

  /** Resolves when all batches that have begun are applied or refused. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
  }

  /** Drops dead series; refs handed out before stay valid for the scrapes that hold them over an `await`. */
  renumber(): void {
    const { head, forward } = this.head.withoutDead()
    this.#forwards.renumber(forward)
    this.head = head
    this.epoch++
    this.#generation++
  }

  /** Newest time that remote write may bring. */
  get latestMs(): number {
    return this.options.nowMs() + MAX_AHEAD_MS
  }

  take(count: number): Batch {
    const batch = this.#pool.pop() ?? new Batch()
    batch.start(this.head, count)
    return batch
  }

  /** A batch that is not committed. */
  giveBack(batch: Batch): void {
    this.#pool.push(batch)
  }

  #added(): void {
    this.head.reserve()
    this.counters.seriesCreated++
  }

  isFull(): boolean {
    const { maxSeries } = this.options
    return maxSeries > 0 && this.head.series.count >= maxSeries
  }

  #checkLimit(): void {
    if (this.isFull()) throw new LimitError('head-series', this.limitText())
  }

  limitText(): string {
    const { maxSeries } = this.options
    return `the limit of ${maxSeries} series in memory is reached; raise --storage.tsdb.max-head-series or drop labels`
  }
}

export const EMPTY_REPORT = {
  samples: 0,
  exemplars: 0,
  outOfOrder: 0,
  duplicate: 0,
  tooOld: 0,
  limited: 0,
  invalid: 0,
  histograms: 0,
}

export function countRefusal(counters: AppenderCounters, verdict: number): void {
  if (verdict === OUT_OF_ORDER) counters.outOfOrder++
  else if (verdict === DUPLICATE) counters.duplicate++
  else if (verdict === OUT_OF_BOUNDS) counters.outOfBounds++
  else if (verdict === TOO_OLD) counters.tooOld++
}

/** Whether nothing is new about a family. */
export function sameMetadata(a: MetricMetadata | undefined, b: MetricMetadata): boolean {
  return a !== undefined && a.type === b.type && a.help === b.help && a.unit === b.unit
}

function firstProblem(samples: readonly WrittenSample[]): string | undefined {
  for (const { histogram } of samples) {
    const problem = histogram && histogramProblem(histogram)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Upstream's text when a sample is further ahead than remote write and OTLP may be. */
export const TOO_FAR_AHEAD = 'out of bounds: timestamp is too far in the future'

function futureProblem({ count, timesMs }: Batch, latestMs: number): string | undefined {
  for (let index = 0; index < count; index++) if (timesMs[index] > latestMs) return TOO_FAR_AHEAD
  return undefined
}
