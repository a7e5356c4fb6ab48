import {
  histogramProblem,
  labelsFromPairs,
  limitBuckets,
  LimitError,
  limitSchema,
  METRIC_NAME,
  NO_BUCKETS,
  RESET_YES,
  schemaOfFactor,
} from '@quartet/model'
import type {
  AppendReport,
  Label,
  Labels,
  MetricMetadata,
  NativeHistogram,
  SampleSink,
  SeriesRef,
} from '@quartet/model'
import type { Clock, Logger, Timer } from '@quartet/runtime'

import { acceptHeader, parserFor } from '../exposition/content-type.ts'
import { CustomBucketsParser } from '../exposition/custom-buckets.ts'
import { ExpositionError } from '../exposition/entry.ts'
import type { ExpositionParser } from '../exposition/entry.ts'
import { relabel } from '../relabel/relabel.ts'
import type { ScrapeConfig } from '../scrape-config.ts'
import type { Target } from '../target/target.ts'
import { BatchBuilder } from './batch-builder.ts'
import { ScrapeError } from './http-client.ts'
import type { FetchedPage, ScrapeClient } from './http-client.ts'
import { DROPPED, ScrapeCache } from './scrape-cache.ts'

/**
 * A scrape that starts this close to its schedule is stamped with the schedule's time, so that timestamps lie on a grid
 * and compress to nothing. Upstream allows 2 ms; timers here are a little coarser.
 */
const SCHEDULE_TOLERANCE_MS = 10

export interface ScrapeStatus {
  health: 'unknown' | 'up' | 'down'
  lastError: string
  /** 0 before the first scrape. */
  lastScrapeMs: number
  lastDurationSeconds: number
}

/** What the loops of all pools share. */
export interface LoopServices {
  readonly sink: SampleSink
  readonly clock: Clock
  readonly logger: Logger
  readonly observe: (event: ScrapeEvent) => void
}

export type ScrapeEvent =
  | { kind: 'scraped'; job: string; seconds: number; report: AppendReport }
  | { kind: 'sample limit' | 'body size limit'; job: string }

const AUTO_METRICS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const

/** Reported besides when `extra_metrics` is set. */
const EXTRA_METRICS = ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'] as const

/** Scrapes one target on its own schedule until it is stopped. Scrapes of one target never overlap. */
export class ScrapeLoop {
  readonly target: Target
  readonly status: ScrapeStatus = { health: 'unknown', lastError: '', lastScrapeMs: 0, lastDurationSeconds: 0 }
  readonly #config: ScrapeConfig
  readonly #client: ScrapeClient
  readonly #services: LoopServices
  readonly #accept: string
  readonly #batch = new BatchBuilder()
  readonly #stopped = new AbortController()
  #cache = new ScrapeCache()
  /** The beginning that was stored last, by entry of the cache. */
  readonly #createdMs = new Map<number, number>()
  #epoch = -1
  #autoRefs: SeriesRef[] = []
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: { target: Target; config: ScrapeConfig; client: ScrapeClient; services: LoopServices }) {
    this.target = options.target
    this.#config = options.config
    this.#client = options.client
    this.#services = options.services
    this.#accept = acceptHeader(options.config.scrapeProtocols)
  }

  /** @param offsetMs where in its interval this target is scraped; spreads the load and stays the same over restarts */
  start(offsetMs: number): void {
    const { intervalMs } = this.target
    const nowMs = this.#services.clock.nowMs()
    let next = Math.floor(nowMs / intervalMs) * intervalMs + (offsetMs % intervalMs)
    if (next <= nowMs) next += intervalMs
    this.#schedule(next)
  }

  #schedule(scheduledMs: number): void {
    const { clock } = this.#services
    this.#timer = clock.after(Math.max(0, scheduledMs - clock.nowMs()), () => {
      this.#running = this.scrapeAt(scheduledMs).then(() => {
        if (this.#stopped.signal.aborted) return
        // Intervals that passed during a slow scrape are left out, as a ticker would.
        const missed = Math.floor((clock.nowMs() - scheduledMs) / this.target.intervalMs)
        this.#schedule(scheduledMs + (Math.max(0, missed) + 1) * this.target.intervalMs)
      })
    })
  }

  /**
   * Stops after the running scrape.
   * @param markStale the target is gone for good: its series end now; false when the whole process ends
   */
  async stop(options: { markStale: boolean }): Promise<void> {
    this.#stopped.abort()
    this.#timer?.cancel()
    await this.#running
    if (!options.markStale || this.status.health === 'unknown') return
    const batch = this.#batch
    batch.reset()
    const nowMs = this.#services.clock.nowMs()
    for (const ref of this.#cache.alive()) batch.addStale(ref, nowMs)
    for (const ref of this.#autoRefs) batch.addStale(ref, nowMs)
    await this.#append(nowMs)
  }

  /** One scrape with its report samples. Never rejects: failures become `up 0` and {@link status}. */
  async scrapeAt(scheduledMs: number): Promise<void> {
    const { clock, logger, sink } = this.#services
    const nowMs = clock.nowMs()
    const timeMs = Math.abs(nowMs - scheduledMs) <= SCHEDULE_TOLERANCE_MS ? scheduledMs : nowMs
    const startedMs = clock.monotonicMs()
    if (sink.epoch !== this.#epoch) this.#forget()
    this.#cache.begin()
    this.#batch.reset()
    const counts = { scraped: 0, kept: 0, added: 0 }
    let failure: unknown
    let bodyBytes = 0
    try {
      const page = await this.#client.get(this.target.url, {
        accept: this.#accept,
        compressed: this.#config.enableCompression,
        timeoutMs: this.target.timeoutMs,
        bodyLimitBytes: this.#config.bodySizeLimitBytes,
        signal: this.#stopped.signal,
      })
      bodyBytes = page.body.length
      const { parser, warning } = this.#parserFor(page)
      if (warning !== undefined)
        logger.debug({ target: this.target.url, warning }, 'scrape fell back to another format')
      this.#collect(parser, timeMs, counts)
    } catch (error) {
      failure = error
      if (this.#stopped.signal.aborted) return
      if (error instanceof ScrapeError && error.reason === 'body size limit') bodyBytes = -1
      this.#batch.reset()
      counts.kept = counts.added = 0
    }
    for (const ref of this.#cache.finish(failure === undefined)) this.#batch.addStale(ref, timeMs)
    const seconds = (clock.monotonicMs() - startedMs) / 1000
    this.#report(timeMs, failure === undefined, [seconds, counts.scraped, counts.kept, counts.added], bodyBytes)
    await this.#append(timeMs, seconds)
    if (failure !== undefined) this.#countFailure(failure)
    if (failure === undefined) this.#compact()
    this.status.health = failure === undefined ? 'up' : 'down'
    this.status.lastError = failure === undefined ? '' : (failure as Error).message
    this.status.lastScrapeMs = nowMs
    this.status.lastDurationSeconds = seconds
  }

  #compact(): void {
    const compacted = this.#cache.compact()
    // Entries are numbered anew.
    if (compacted !== this.#cache) this.#createdMs.clear()
    this.#cache = compacted
  }

  #parserFor(page: FetchedPage): { readonly parser: ExpositionParser; readonly warning: string | undefined } {
    const { fallbackProtocol, nativeHistograms, alwaysClassicHistograms, convertClassicHistograms } = this.#config
    const choice = parserFor(page.body, page.contentType, fallbackProtocol, {
      withClassic: alwaysClassicHistograms === true,
      withNative: nativeHistograms === true,
    })
    if (convertClassicHistograms !== true) return choice
    return { ...choice, parser: new CustomBucketsParser(choice.parser, alwaysClassicHistograms === true) }
  }

  #forget(): void {
    this.#cache = new ScrapeCache()
    this.#createdMs.clear()
    this.#autoRefs = []
    this.#epoch = this.#services.sink.epoch
  }

  #collect(parser: ExpositionParser, timeMs: number, counts: { scraped: number; kept: number; added: number }): void {
    const { honorTimestamps, trackTimestampsStaleness, sampleLimit } = this.#config
    const cache = this.#cache
    const batch = this.#batch
    const metadata = new MetadataCollector()
    for (;;) {
      let entry = cache.predicted()
      if (entry < 0 || !parser.nextIfKnown(cache.arena, cache.start(entry), cache.end(entry))) {
        const kind = parser.next()
        if (kind === 'end') break
        if (kind !== 'series' && kind !== 'histogram') {
          metadata.add(kind, parser)
          continue
        }
        entry = cache.find(parser.bytes, parser.seriesStart, parser.seriesEnd)
        if (entry < 0) {
          entry = this.#newEntry(parser)
          if (cache.ref(entry) !== DROPPED) counts.added++
        }
      }
      counts.scraped++
      const ref = cache.ref(entry)
      if ((ref as number) === DROPPED) {
        cache.mark(entry, false)
        continue
      }
      if (sampleLimit > 0 && ++counts.kept > sampleLimit) throw new LimitError('sample_limit', 'sample limit exceeded')
      else if (sampleLimit === 0) counts.kept++
      const own = honorTimestamps ? parser.timeMs : undefined
      cache.mark(entry, own === undefined || trackTimestampsStaleness)
      if (this.#config.createdZeros === true) this.#addZero(parser, entry, ref, own ?? timeMs)
      if (parser.histogram !== undefined) {
        this.#addHistogram(parser, ref, own ?? timeMs)
        continue
      }
      batch.add(ref, own ?? timeMs, parser.value)
      const exemplar = parser.exemplar()
      if (exemplar)
        batch.exemplars.push({
          ref,
          labels: exemplar.labels,
          value: exemplar.value,
          timeMs: exemplar.timeMs ?? own ?? timeMs,
        })
    }
    if (metadata.size > 0) this.#services.sink.describe(metadata.take())
  }

  /** @throws ExpositionError when it is wrong, LimitError when it has too many buckets */
  #addHistogram(parser: ExpositionParser, ref: SeriesRef, timeMs: number): void {
    const { nativeBucketLimit = 0, nativeMinBucketFactor = 0 } = this.#config
    let histogram = parser.histogram!
    const problem = histogramProblem(histogram)
    if (problem !== undefined) throw new ExpositionError(problem)
    if (nativeMinBucketFactor > 0) histogram = limitSchema(histogram, schemaOfFactor(nativeMinBucketFactor))
    if (nativeBucketLimit > 0) {
      const limited = limitBuckets(histogram, nativeBucketLimit)
      if (limited === undefined) throw new LimitError('bucket_limit', 'histogram bucket limit exceeded')
      histogram = limited
    }
    this.#batch.addHistogram(ref, timeMs, histogram)
    for (const { labels, value, timeMs: exemplarMs } of parser.histogramExemplars?.() ?? [])
      this.#batch.exemplars.push({ ref, labels, value, timeMs: exemplarMs ?? timeMs })
  }

  /** What a counter was when it began, once for each beginning. */
  #addZero({ createdMs, histogram }: ExpositionParser, entry: number, ref: SeriesRef, timeMs: number): void {
    if (createdMs === undefined || createdMs >= timeMs || this.#createdMs.get(entry) === createdMs) return
    this.#createdMs.set(entry, createdMs)
    if (histogram === undefined) this.#batch.add(ref, createdMs, 0)
    else this.#batch.addHistogram(ref, createdMs, emptied(histogram))
  }

  #newEntry(parser: ExpositionParser): number {
    const labels = relabel(this.#withTargetLabels(parser.labels()), this.#config.metricRelabelRules)
    const range = { start: parser.seriesStart, end: parser.seriesEnd }
    if (!labels || labels.length === 0) return this.#cache.add(parser.bytes, range, DROPPED)
    this.#checkLabels(labels)
    return this.#cache.add(parser.bytes, range, this.#services.sink.resolve(labels))
  }

  /** The target's labels win, and what they replace is kept as `exported_…`, unless `honor_labels` is set. */
  #withTargetLabels(scraped: Labels): Labels {
    const merged = new Map<string, string>(scraped)
    if (this.#config.honorLabels) {
      for (const [name, value] of this.target.labels) if (!merged.has(name)) merged.set(name, value)
    } else {
      const conflicts: Label[] = []
      for (const [name, value] of this.target.labels) {
        const existing = merged.get(name)
        if (existing !== undefined) conflicts.push([name, existing])
        merged.set(name, value)
      }
      for (const [name, value] of conflicts.sort((a, b) => a[0].length - b[0].length)) {
        let exported = 'exported_' + name
        while (merged.has(exported)) exported = 'exported_' + exported
        merged.set(exported, value)
      }
    }
    return labelsFromPairs(merged as Iterable<Label>)
  }

  #checkLabels(labels: Labels): void {
    const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = this.#config
    const metric = labels.find(([name]) => name === METRIC_NAME)?.[1] ?? ''
    if (metric === '') throw new LimitError('metric_name', 'metric name is missing or empty after relabelling')
    if (labelLimit > 0 && labels.length > labelLimit) {
      throw new LimitError(
        'label_limit',
        `label_limit exceeded (metric: ${metric.slice(0, 50)}, number of labels: ${labels.length}, limit: ${labelLimit})`,
      )
    }
    for (const [name, value] of labels) {
      if (labelNameLengthLimit > 0 && name.length > labelNameLengthLimit) {
        throw new LimitError(
          'label_name_length_limit',
          `label_name_length_limit exceeded (metric: ${metric.slice(0, 50)}, label name: ${name.slice(0, 50)}, length: ${name.length}, limit: ${labelNameLengthLimit})`,
        )
      }
      if (labelValueLengthLimit > 0 && value.length > labelValueLengthLimit) {
        throw new LimitError(
          'label_value_length_limit',
          `label_value_length_limit exceeded (metric: ${metric.slice(0, 50)}, label name: ${name.slice(0, 50)}, value: "${value.slice(0, 50)}", length: ${value.length}, limit: ${labelValueLengthLimit})`,
        )
      }
    }
  }

  #report(timeMs: number, isUp: boolean, values: readonly number[], bodyBytes: number): void {
    const { extraMetrics, sampleLimit } = this.#config
    const extra = extraMetrics ? [this.target.timeoutMs / 1000, sampleLimit, bodyBytes] : []
    if (this.#autoRefs.length === 0) {
      const names = extraMetrics ? [...AUTO_METRICS, ...EXTRA_METRICS] : AUTO_METRICS
      this.#autoRefs = names.map((name) =>
        this.#services.sink.resolve(labelsFromPairs([...this.target.labels, [METRIC_NAME, name]])),
      )
    }
    this.#batch.add(this.#autoRefs[0], timeMs, isUp ? 1 : 0)
    for (const [index, value] of [...values, ...extra].entries())
      this.#batch.add(this.#autoRefs[index + 1], timeMs, value)
  }

  async #append(timeMs: number, seconds = 0): Promise<void> {
    const { sink, logger, observe } = this.#services
    try {
      const report = await sink.append(this.#batch, this.#batch.exemplars)
      observe({ kind: 'scraped', job: this.#config.jobName, seconds, report })
    } catch (error) {
      logger.error(
        { target: this.target.url, timeMs, error: (error as Error).message },
        'scraped samples could not be stored',
      )
    }
  }

  #countFailure(failure: unknown): void {
    const { observe, logger } = this.#services
    const job = this.#config.jobName
    if (failure instanceof LimitError && failure.limit === 'sample_limit') observe({ kind: 'sample limit', job })
    if (failure instanceof ScrapeError && failure.reason === 'body size limit')
      observe({ kind: 'body size limit', job })
    logger.debug({ target: this.target.url, error: (failure as Error).message }, 'scrape failed')
  }
}

/** A histogram of the same layout without observations, which is a reset by definition. */
function emptied(histogram: NativeHistogram): NativeHistogram {
  const nothing = { count: 0, sum: 0, zeroCount: 0, positive: NO_BUCKETS, negative: NO_BUCKETS }
  return { ...histogram, ...nothing, resetHint: RESET_YES }
}

const METADATA_TYPES = new Set<MetricMetadata['type']>([
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
])

class MetadataCollector {
  readonly #families = new Map<string, { type: MetricMetadata['type']; help: string; unit: string }>()

  get size(): number {
    return this.#families.size
  }

  add(kind: 'type' | 'help' | 'unit' | 'comment', parser: ExpositionParser): void {
    if (kind === 'comment') return
    let family = this.#families.get(parser.family)
    if (!family) this.#families.set(parser.family, (family = { type: 'unknown', help: '', unit: '' }))
    if (kind === 'help') family.help = parser.text
    else if (kind === 'unit') family.unit = parser.text
    else
      family.type = METADATA_TYPES.has(parser.text as MetricMetadata['type'])
        ? (parser.text as MetricMetadata['type'])
        : 'unknown'
  }

  take(): MetricMetadata[] {
    return [...this.#families].map(([family, entry]) => ({ family, ...entry }))
  }
}
