import { labelsFromRecord, labelsKey } from '@quartet/model'
import type { AppendReport, Labels, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { bitsOf, isStaleAt } from '@quartet/model'
import { createSelfMetrics } from '@quartet/runtime'
import { FakeClock, recordingLogger } from '@quartet/runtime/testing'
import type { LogRecord } from '@quartet/runtime/testing'
import { loadRuleFile } from '../../src/file/rule-file.ts'
import type { Notification } from '../../src/alert/alert.ts'
import type { GroupSurroundings } from '../../src/group/rule-group.ts'
import { groupOffsetMs } from '../../src/group/group-slot.ts'
import type { ForStateSample, RuleLanguage } from '../../src/ports.ts'
import { RuleManager } from '../../src/rule-manager.ts'
import type { RuleManagerOptions } from '../../src/rule-manager.ts'

/** Expressions of these tests are names of vectors that a test sets; `bad` does not parse. */
export const TEST_LANGUAGE: RuleLanguage = {
  check: (expr) =>
    expr.includes('bad')
      ? [{ severity: 'error', message: '1:1: parse error: bad', range: { start: 0, end: expr.length } }]
      : [],
  print: (expr) => expr.trim(),
}

interface Written {
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number | 'stale'
}

/** Keeps what rules write, and refuses what the store would refuse. */
export class MemorySink implements SampleSink {
  readonly epoch = 1
  readonly written: Written[] = []
  readonly #series: Labels[] = []
  readonly #refs = new Map<string, number>()

  resolve(labels: Labels): SeriesRef {
    const key = labelsKey(labels)
    let ref = this.#refs.get(key)
    if (ref === undefined) {
      ref = this.#series.push(labels) - 1
      this.#refs.set(key, ref)
    }
    return ref as SeriesRef
  }

  async append(batch: SampleBatch): Promise<AppendReport> {
    const bits = bitsOf(batch.values)
    for (let index = 0; index < batch.count; index++) {
      const labels = this.#series[batch.refs[index]]
      const value = isStaleAt(bits, index) ? 'stale' : batch.values[index]
      this.written.push({ labels, timeMs: batch.timesMs[index], value })
    }
    return { outOfOrder: 0, tooOld: 0, duplicate: 0 }
  }

  describe(): void {}

  /** Newest value per series, for reading the state back after a restart. */
  latest(name: string): ForStateSample[] {
    const newest = new Map<string, ForStateSample>()
    for (const { labels, timeMs, value } of this.written) {
      if (!labels.some(([key, text]) => key === '__name__' && text === name)) continue
      newest.set(labelsKey(labels), { labels, timeMs, value: value === 'stale' ? NaN : value })
    }
    return [...newest.values()]
  }
}

export const FILE = '/rules/test.yml'
/** A slot of every group whose interval divides a minute, but for the group's own offset. */
const EPOCH_MS = Date.UTC(2026, 0, 1)

/** A rule manager on a fake clock. Times are seconds after the first slot of the group `g`. */
export class Timeline {
  readonly clock: FakeClock
  readonly sink: MemorySink
  readonly logs: LogRecord[]
  readonly metrics = createSelfMetrics({ clock: new FakeClock() })
  readonly sent: { atSeconds: number; notification: Notification }[] = []
  readonly vectors = new Map<string, [labels: Record<string, string>, value: number][] | Error>()
  readonly queries: { expr: string; atSeconds: number }[] = []
  manager: RuleManager
  readonly startMs: number
  readonly #options: Partial<RuleManagerOptions>
  readonly #surroundings: GroupSurroundings

  constructor(options: Partial<RuleManagerOptions> = {}, surroundings: Partial<GroupSurroundings> = {}) {
    this.#options = options
    this.#surroundings = {
      intervalMs: 60_000,
      queryOffsetMs: 0,
      externalLabels: [],
      externalUrl: 'http://here:9090',
      ...surroundings,
    }
    this.startMs = EPOCH_MS + groupOffsetMs(FILE, 'g', this.#surroundings.intervalMs)
    this.clock = new FakeClock({ nowMs: this.startMs - 1 })
    this.sink = new MemorySink()
    const { logger, records } = recordingLogger()
    this.logs = records
    this.manager = this.#create(logger)
    this.#logger = logger
  }

  readonly #logger: RuleManagerOptions['logger']

  /** As after a crash: the sink has what was written, the manager has nothing. */
  async restart(): Promise<void> {
    await this.manager.stop()
    this.manager = this.#create(this.#logger)
  }

  async load(text: string): Promise<void> {
    const { groups } = await loadRuleFile({ path: FILE, text, language: TEST_LANGUAGE })
    await this.manager.update(groups, this.#surroundings)
  }

  set(expr: string, ...elements: [labels: Record<string, string>, value: number][]): void {
    this.vectors.set(expr, elements)
  }

  /** Runs until just before the slot at `seconds`, or through it when `seconds` is a slot. */
  async until(seconds: number): Promise<void> {
    await this.clock.advance(this.startMs + seconds * 1000 - this.clock.nowMs())
  }

  seconds(timeMs: number): number {
    return (timeMs - this.startMs) / 1000
  }

  /** Everything written so far, as text: `0 ALERTS{alertname="A"} 1`. */
  get written(): string[] {
    return this.sink.written.map(
      ({ labels, timeMs, value }) => `${this.seconds(timeMs)} ${seriesText(labels)} ${value}`,
    )
  }

  get notifications(): string[] {
    return this.sent.map(({ atSeconds, notification: { labels, startsAtMs, endsAtMs } }) => {
      return `${atSeconds} ${seriesText(labels)} ${this.seconds(startsAtMs)}..${this.seconds(endsAtMs)}`
    })
  }

  #create(logger: RuleManagerOptions['logger']): RuleManager {
    return new RuleManager({
      clock: this.clock,
      logger,
      metrics: this.metrics,
      sink: this.sink,
      evaluate: async (expr, timeMs) => {
        this.queries.push({ expr, atSeconds: this.seconds(timeMs) })
        const found = this.vectors.get(expr) ?? []
        if (found instanceof Error) throw found
        return found.map(([labels, value]) => ({ labels: labelsFromRecord(labels), value }))
      },
      readForState: async ({ alertName, minMs }) =>
        this.sink
          .latest('ALERTS_FOR_STATE')
          .filter(({ labels, timeMs }) => timeMs >= minMs && labels.some(([, value]) => value === alertName)),
      notify: (notifications) => {
        for (const notification of notifications) {
          this.sent.push({ atSeconds: this.seconds(this.clock.nowMs()), notification })
        }
      },
      ...this.#options,
    })
  }
}

export function seriesText(labels: Labels): string {
  const name = labels.find(([key]) => key === '__name__')?.[1] ?? ''
  const rest = labels.filter(([key]) => key !== '__name__').map(([key, value]) => `${key}="${value}"`)
  return `${name}{${rest.join(',')}}`
}
