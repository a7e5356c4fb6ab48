import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { labelsFromRecord, NO_BUCKETS } from '@quartet/model'
import type { HistogramBuckets, NativeHistogram } from '@quartet/model'
import { difference } from './comparison.ts'
import type { Answer } from './comparison.ts'
import { Random } from './random.ts'
import { START_MS } from './random-series.ts'
import type { RandomSample, RandomSeries } from './random-series.ts'
import { hasUpstream, startQuartet, startUpstream, UPSTREAM_BINARY, writeSeries } from './servers.ts'
import type { Server } from './servers.ts'

/**
 * The same native histograms and the same random queries to a real Prometheus and to Quartet, by remote write. 2.42 was early with
 * them; what it does otherwise is not asked for, by rule: quantiles and fractions (since 3.0 interpolated exponentially), rates of
 * counters near zero, custom buckets, sums of different schemas and zero buckets, and everything that it cannot do yet (see
 * FUNCTIONS).
 */
const SEED = Number(process.env.QUARTET_SEED ?? 20261123)
const QUERY_COUNT = Number(process.env.QUARTET_QUERIES ?? 400)
const SPAN_SECONDS = 1800
/** Samples lie in the second half of a second and queries in the first, as in random-series.ts. */
const SAMPLE_RESIDUE_MS = 700
const QUERY_RESIDUE_MS = 123

const skip = hasUpstream ? false : `no ${UPSTREAM_BINARY} here: nothing to compare with`
if (skip !== false) console.log(`histogram differential test skipped: ${skip}`)

let upstream: Server
let quartet: Server
const random = new Random(SEED)

before(async () => {
  if (skip !== false) return
  ;[upstream, quartet] = await Promise.all([startUpstream(['--enable-feature=native-histograms']), startQuartet()])
  await writeSeries([upstream, quartet], randomHistogramSeries())
})

after(async () => {
  await Promise.all([upstream?.stop(), quartet?.stop()])
})

/** `far`: counters that have counted a lot; `near`: with resets; `level`: gauges; `floats`: of floats; `mixed`: of any layout. */
function randomHistogramSeries(): RandomSeries[] {
  const all: RandomSeries[] = []
  const common = { schema: random.integer(-1, 3), zeroThreshold: random.pick([0.001, 0.5]) }
  for (const name of ['far', 'floats', 'level', 'mixed', 'near']) {
    for (const job of ['api', 'db']) {
      for (const instance of ['a', 'b', 'c']) {
        const labels = labelsFromRecord({ __name__: name, instance, job })
        const own = { schema: random.integer(-4, 8), zeroThreshold: random.pick([0.001, 0.5]) }
        all.push({ labels, samples: samplesOf(name, name === 'mixed' ? own : common) })
      }
    }
  }
  return all
}

function samplesOf(name: string, layout: { readonly schema: number; readonly zeroThreshold: number }): RandomSample[] {
  const first = random.integer(-3, 8)
  const hasNegative = random.chance(0.4)
  const isFloat = name === 'floats'
  const base = name === 'far' || isFloat ? 1_000_000 : 0
  const fresh = (): number[] => Array.from({ length: 8 }, (_, index) => (index < 2 ? base : 0))
  let positive = fresh()
  let negative = hasNegative ? fresh() : []
  let [zeroCount, sum] = [0, 0]
  const samples: RandomSample[] = []
  for (let second = random.integer(0, 30); second < SPAN_SECONDS; second += 15) {
    const timeMs = START_MS + second * 1000 + SAMPLE_RESIDUE_MS
    if (random.chance(0.03)) continue
    if (random.chance(0.02)) {
      samples.push({ timeMs, value: 'stale' })
      continue
    }
    if (name === 'near' && random.chance(0.05)) {
      positive = fresh()
      negative = hasNegative ? fresh() : []
      ;[zeroCount, sum] = [0, 0]
    }
    const least = name === 'level' ? -3 : 0
    const grow = (count: number): number =>
      random.chance(0.4) ? Math.max(0, count + random.integer(least, 5) * (isFloat ? 0.5 : 1)) : count
    positive = positive.map(grow)
    negative = negative.map(grow)
    zeroCount = grow(zeroCount)
    sum += random.integer(0, 40) / 8
    samples.push({
      timeMs,
      value: histogram({ ...layout, first, positive, negative, zeroCount, sum, isFloat, isGauge: name === 'level' }),
    })
  }
  return samples
}

function histogram(from: {
  readonly schema: number
  readonly zeroThreshold: number
  readonly first: number
  readonly positive: readonly number[]
  readonly negative: readonly number[]
  readonly zeroCount: number
  readonly sum: number
  readonly isFloat: boolean
  readonly isGauge: boolean
}): NativeHistogram {
  const { schema, zeroThreshold, first, zeroCount, sum, isFloat, isGauge } = from
  const buckets = (counts: readonly number[]): HistogramBuckets => {
    const populated = counts.flatMap((count, index) => (count > 0 ? [{ index: first + index, count }] : []))
    if (populated.length === 0) return NO_BUCKETS
    return {
      indices: Int32Array.from(populated, ({ index }) => index),
      counts: Float64Array.from(populated, ({ count }) => count),
    }
  }
  const count = [...from.positive, ...from.negative].reduce((total, one) => total + one, zeroCount)
  return {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positive: buckets(from.positive),
    negative: buckets(from.negative),
    customBounds: undefined,
    resetHint: isGauge ? 3 : 0,
    isFloat,
  }
}

/** Wrapped around a selector; `%` is the selector, `#` one of counters that are far from zero, with a range. */
const FUNCTIONS = [
  '%',
  'histogram_count(%)',
  'histogram_sum(%)',
  'sum(%)',
  'sum by (job) (%)',
  'sum without (instance) (%)',
  'histogram_count(sum by (job) (%))',
  'rate(#)',
  'increase(#)',
  'sum by (job) (rate(#))',
  'histogram_count(rate(#))',
  'histogram_sum(sum(increase(#)))',
  'count(%)',
  'group by (job) (%)',
  'absent(%)',
  '% + %',
  'histogram_count(%) / histogram_sum(%)',
]

function selector(metrics: readonly string[], range = ''): string {
  const matcher = random.pick(['', '{job="api"}', '{instance=~"a|b"}', '{job!="db",instance="c"}'])
  const offset = random.chance(0.2) ? ` offset ${random.pick(['1m', '30s', '5m'])}` : ''
  return `${random.pick(metrics)}${matcher}${range}${offset}`
}

function randomQuery(): string {
  const text = random.pick(FUNCTIONS)
  const metrics = ['far', 'near', 'level', 'floats', ...(/sum|\+/.test(text) ? [] : ['mixed', 'mixed'])]
  return text
    .replaceAll('%', () => selector(metrics))
    .replaceAll('#', () => selector(['far', 'floats'], `[${random.pick(['1m', '5m', '10m'])}]`))
}

async function ask(server: Server, path: string): Promise<Answer> {
  const response = await fetch(`${server.url}/api/v1/${path}`)
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text), text }
}

test('answers random queries over native histograms as Prometheus does', { skip }, async (t) => {
  const differences: string[] = []
  let [empty, failing, withHistograms] = [0, 0, 0]
  for (let count = 0; count < QUERY_COUNT; count++) {
    const query = randomQuery()
    const startMs = START_MS + random.integer(60, SPAN_SECONDS) * 1000 + QUERY_RESIDUE_MS
    const step = random.pick([15, 60, 120])
    const path = random.chance(0.5)
      ? `query?${new URLSearchParams({ query, time: String(startMs / 1000) })}`
      : `query_range?${new URLSearchParams({ query, start: String(startMs / 1000), end: String(startMs / 1000 + step * 12), step: String(step) })}`
    const [expected, actual] = await Promise.all([ask(upstream, path), ask(quartet, path)])
    if (expected.status !== 200) failing++
    else if (expected.text.includes('"result":[]')) empty++
    else if (expected.text.includes('"buckets"')) withHistograms++
    const found = difference(expected, actual, {
      isRounded: true,
      isDeviation: false,
      isSorted: false,
      isOrdered: path.startsWith('query?'),
    })
    if (found !== undefined) differences.push(`${query}\n    ${path}\n    ${found}`)
  }
  t.diagnostic(
    `seed ${SEED}: ${QUERY_COUNT} queries, ${failing} that fail, ${empty} that find nothing, ${withHistograms} that find histograms`,
  )
  assert.ok(withHistograms > QUERY_COUNT / 5, 'upstream answers with histograms')
  assert.equal(
    differences.length,
    0,
    `seed ${SEED}: ${differences.length} of ${QUERY_COUNT} differ:\n${differences.slice(0, 20).join('\n')}`,
  )
})
