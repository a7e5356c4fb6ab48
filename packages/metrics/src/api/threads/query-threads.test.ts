import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { compareLabels, NO_BUCKETS, writeStale } from '@quartet/model'
import type { Labels, NativeHistogram } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { FakeClock, recordingLogger } from '@quartet/runtime/testing'
import { QueryEngine } from '../../query/engine.ts'
import type { SampleColumns, SelectRequest, SeriesSelection, SeriesSource } from '../../query/source.ts'
import { encodeQueryResult } from '../query-response.ts'
import type { QueryCall } from './messages.ts'
import { QueryThreads } from './query-threads.ts'

const pools: QueryThreads[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()))
})

function poolOver(
  source: SeriesSource,
  options: { clock?: FakeClock; logger?: typeof silentLogger } = {},
): QueryThreads {
  const { clock = new FakeClock(), logger = silentLogger } = options
  const pool = new QueryThreads({ source, clock, logger, maxThreads: 2 })
  pools.push(pool)
  return pool
}

const ENGINE = { maxSamples: 10_000_000, timeoutMs: 60_000, lookbackMs: 300_000, defaultStepMs: 60_000 }

function callOf(
  query: string,
  at: QueryCall['at'] = { kind: 'range', startMs: 0, endMs: 1_500_000, stepMs: 15_000 },
): QueryCall {
  return {
    query,
    at,
    timeoutMs: 60_000,
    lookbackMs: undefined,
    response: { limit: 0, withStats: true },
    engine: ENGINE,
  }
}

interface Sample {
  readonly timeMs: number
  readonly value: number | 'stale' | NativeHistogram
}

/** All series of one name, in label order. */
class PlainSource implements SeriesSource {
  readonly #series: { readonly labels: Labels; readonly samples: readonly Sample[] }[] = []

  readonly #timesIds = new Map<string, number>()

  add(labels: Labels, samples: readonly Sample[]): void {
    this.#series.push({ labels, samples })
    this.#series.sort((a, b) => compareLabels(a.labels, b.labels))
  }

  async select({ matchers, minMs, maxMs }: SelectRequest): Promise<SeriesSelection> {
    const matching = this.#series.filter(({ labels }) =>
      matchers.every((matcher) => matcher.matches(labels.find(([name]) => name === matcher.name)?.[1] ?? '')),
    )
    const timesIds = this.#timesIds
    const series = matching.map(({ labels, samples }) => ({
      labels,
      read(into: SampleColumns): void {
        const within = samples.filter(({ timeMs }) => timeMs >= minMs && timeMs <= maxMs)
        into.reserve(within.length)
        into.histograms = undefined
        for (const [index, { timeMs, value }] of within.entries()) {
          into.timesMs[index] = timeMs
          if (typeof value === 'number') into.values[index] = value
          else if (value === 'stale') writeStale(into.bits, index)
          else (into.histograms ??= [])[index] = value
        }
        into.count = within.length
        const key = within.map(({ timeMs }) => timeMs).join()
        if (!timesIds.has(key)) timesIds.set(key, timesIds.size + 1)
        into.timesId = timesIds.get(key)!
      },
    }))
    return { series, release: () => undefined }
  }

  async labelNames(): Promise<readonly string[]> {
    return []
  }

  async labelValues(): Promise<readonly string[]> {
    return []
  }

  metadata(): Iterable<never> {
    return []
  }
}

function histogramOf(count: number): NativeHistogram {
  return {
    schema: 1,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: count,
    positive: { indices: Int32Array.of(1), counts: Float64Array.of(count) },
    negative: NO_BUCKETS,
    customBounds: undefined,
    resetHint: 0,
    isFloat: true,
  }
}

/** Counters with resets, gaps, stale markers and native histograms; more series than a batch holds. */
function variedSource(): PlainSource {
  const source = new PlainSource()
  for (let series = 0; series < 600; series++) {
    const samples = Array.from({ length: 100 }, (_, index) => ({
      timeMs: index * 15_000 + (series % 7),
      value: index % 40 === 39 ? ('stale' as const) : ((index * series) % 97) / 3,
    }))
    const labels = [
      ['__name__', 'm'],
      ['i', String(series)],
      ['mod', String(series % 5)],
    ] as const
    source.add(labels, series % 11 === 0 ? samples.slice(0, 20) : samples)
  }
  const histograms = Array.from({ length: 50 }, (_, index) => ({
    timeMs: index * 15_000,
    value: histogramOf(index + 1),
  }))
  source.add([['__name__', 'h']], histograms)
  return source
}

test('answers as the thread that asks does, to the byte', async () => {
  const source = variedSource()
  const pool = poolOver(source)
  const engine = new QueryEngine(source, { ...ENGINE, nowMs: () => 0 })
  const { signal } = new AbortController()
  for (const query of [
    'm',
    'sum by (mod) (rate(m[5m]))',
    'rate(h[2m])',
    'h',
    'topk(3, m) or vector(1)',
    'quantile_over_time(2, m[5m])',
    'max_over_time(rate(m[1m])[5m:30s])',
    'count(m offset 1m) / scalar(count(m))',
    'absent(nothing{a="b"})',
  ]) {
    const call = callOf(query)
    assert.ok(call.at.kind === 'range')
    const expr = engine.parse(query)
    const local = await encodeQueryResult(await engine.range(expr, call.at, { signal }), { query, ...call.response })
    assert.equal(Buffer.from(await pool.run(call, signal)).toString(), local.toString(), query)
    const once = callOf(query, { kind: 'instant', timeMs: 700_000 })
    const instant = await encodeQueryResult(await engine.instant(expr, 700_000, { signal }), {
      query,
      ...once.response,
    })
    assert.equal(Buffer.from(await pool.run(once, signal)).toString(), instant.toString(), query)
  }
  assert.equal(pool.count, 1)
})

test('errors and limits are those of the query', async () => {
  const pool = poolOver(variedSource())
  const { signal } = new AbortController()
  const limited = { ...callOf('m'), engine: { ...ENGINE, maxSamples: 1000 } }
  await assert.rejects(pool.run(limited, signal), { name: 'QueryLimitError', limit: 'samples' })
  await assert.rejects(pool.run(callOf('m * on(mod) m'), signal), {
    name: 'EvaluationError',
    message: /duplicate series/,
  })
  // Long enough to look at the clock on its way.
  const long = callOf('quantile_over_time(0.5, m[1h:1s])')
  await assert.rejects(pool.run({ ...long, timeoutMs: 1 }, signal), {
    name: 'QueryLimitError',
    limit: 'timeout',
  })
})

test('ends with its client', async () => {
  const pool = poolOver(variedSource())
  const controller = new AbortController()
  const running = pool.run(callOf('quantile_over_time(0.5, m[1h:1s])'), controller.signal)
  controller.abort()
  await assert.rejects(running, { name: 'QueryLimitError', limit: 'canceled' })
})

test('a thread that hangs fails its query and no other, and is replaced', async () => {
  const clock = new FakeClock()
  const { logger, records } = recordingLogger()
  const source = variedSource()
  const stuck = new PlainSource()
  stuck.select = (request) =>
    request.matchers.some(({ value }) => value === 'stuck') ? new Promise(() => undefined) : source.select(request)
  const pool = poolOver(stuck, { clock, logger })
  const { signal } = new AbortController()
  const hung = pool.run({ ...callOf('stuck'), timeoutMs: 1000 }, signal)
  const failed = assert.rejects(hung, { name: 'EvaluationError', message: /thread of the query died/ })
  const other = await pool.run(callOf('count(m)'), signal)
  assert.match(Buffer.from(other).toString(), /success/)
  assert.equal(pool.count, 2)
  await clock.advance(11_000)
  await failed
  assert.equal(records.length, 1)
  assert.match(Buffer.from(await pool.run(callOf('count(m)'), signal)).toString(), /success/)
})

test('threads go when they have been idle', async () => {
  const clock = new FakeClock()
  const pool = poolOver(variedSource(), { clock })
  await pool.run(callOf('count(m)'), new AbortController().signal)
  assert.equal(pool.count, 1)
  await clock.advance(30_000)
  assert.equal(pool.count, 0)
})
