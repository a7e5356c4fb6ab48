import type { Labels, NativeHistogram } from '@quartet/model'
import type { Random } from './random.ts'

/** The data's first scrape. Fixed, so that a seed gives the same queries and answers on any day. */
export const START_MS = Date.UTC(2026, 2, 14, 10, 0, 0)
export const SPAN_MS = 3_300_000
const SCRAPE_MS = 15_000

/**
 * Every sample lies in the second half of its second and every query looks from the first half, so no sample is ever on the
 * edge of a window: Prometheus 2.42 has closed ranges, 3.x left-open ones, and off the edge both are the same.
 */
const SAMPLE_RESIDUES = { least: 500, most: 990 }

export interface RandomSample {
  readonly timeMs: number
  /** `stale` is the stale marker, whose bits a JavaScript number cannot carry. */
  readonly value: number | 'stale' | NativeHistogram
}

export interface RandomSeries {
  readonly labels: Labels
  readonly samples: readonly RandomSample[]
}

/**
 * - `exact_total`, `exact_gauge`: multiples of 1/8, whose sums are the same in any order of addition
 * - `requests_total`: counters with resets near zero, gaps and new series
 * - `temperature`: arbitrary floats
 * - `odd_values`: NaN, infinities and negative zero among the values
 * - `huge_values`: the ends of what a float can be; their naive sum (2.42) is not their compensated one (3.x)
 * - `latency_bucket`, `_sum`, `_count`: classic histograms
 * - `build_info`: constant 1, for joins
 */
export function randomSeries(random: Random): RandomSeries[] {
  const all: RandomSeries[] = []
  for (const job of ['api', 'db', 'web.front']) {
    for (const instance of ['10.0.0.1:80', '10.0.0.2:80', 'h-3']) {
      if (random.chance(0.1)) continue
      const base = { job, instance }
      const times = scrapeTimes(random)
      all.push(series('build_info', { ...base, version: random.pick(['1.0', '1.1', '2.0']) }, times, () => 1))
      all.push(series('exact_gauge', base, times, () => random.integer(-4000, 4000) / 8))
      all.push(series('exact_total', base, times, farCounter(random)))
      all.push(series('temperature', base, times, walk(random)))
      all.push(series('odd_values', base, times, () => oddValue(random)))
      all.push(series('huge_values', base, times, () => hugeValue(random)))
      for (const code of random.some(['200', '404', '500'], 0.8)) {
        all.push(series('requests_total', { ...base, code }, scrapeTimes(random), nearCounter(random)))
      }
      if (random.chance(0.7)) all.push(...histogram(random, base, times))
    }
  }
  return all.sort((a, b) => compareLists(a.labels.flat(), b.labels.flat()))
}

/** The order of labels that both databases give series in, as long as all text is ASCII. */
function compareLists(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    if (a[index] !== b[index]) return a[index] < b[index] ? -1 : 1
  }
  return a.length - b.length
}

type Scrape = { readonly timeMs: number; readonly kind: 'first' | 'next' | 'stale' }

/** A 15 s grid with jitter; holes of up to ten minutes, some begun with a stale marker; late beginnings and early ends. */
function scrapeTimes(random: Random): Scrape[] {
  const scrapes: Scrape[] = []
  const phaseMs = random.integer(0, 14) * 1000
  let isFirst = true
  const beginMs = random.chance(0.2) ? random.integer(0, SPAN_MS / 2) : 0
  const endMs = random.chance(0.2) ? random.integer(SPAN_MS / 2, SPAN_MS) : SPAN_MS
  for (let atMs = 0; atMs < SPAN_MS; atMs += SCRAPE_MS) {
    if (atMs < beginMs || atMs > endMs) continue
    const timeMs = START_MS + atMs + phaseMs + random.integer(SAMPLE_RESIDUES.least, SAMPLE_RESIDUES.most)
    if (random.chance(0.02)) {
      if (random.chance(0.5)) scrapes.push({ timeMs, kind: 'stale' })
      atMs += random.integer(1, 40) * SCRAPE_MS
      isFirst = true
      continue
    }
    scrapes.push({ timeMs, kind: isFirst ? 'first' : 'next' })
    isFirst = false
  }
  return scrapes
}

function series(
  name: string,
  labels: Readonly<Record<string, string>>,
  scrapes: readonly Scrape[],
  next: (isFirst: boolean) => number,
): RandomSeries {
  const pairs = Object.entries({ ...labels, __name__: name }).sort(([a], [b]) => (a < b ? -1 : 1))
  const samples = scrapes.map(({ timeMs, kind }): RandomSample => {
    return { timeMs, value: kind === 'stale' ? 'stale' : next(kind === 'first') }
  })
  return { labels: pairs, samples }
}

/** Far above zero also after a reset, so that extrapolation towards zero never matters. */
function farCounter(random: Random): () => number {
  let value = random.integer(1_000_000, 2_000_000)
  return () => {
    value = random.chance(0.01) ? random.integer(900_000, 1_000_000) : value + random.integer(0, 80) / 8
    return value
  }
}

/**
 * Near zero after resets and holes. Prometheus 2.42 and 3.x compare the way to zero with the way to the first sample in another
 * order, which shows when a hole is followed by a value between half a scrape's increase and a whole one; so after a hole a
 * counter is either (nearly) at zero or far from it.
 */
function nearCounter(random: Random): (isFirst: boolean) => number {
  const least = random.integer(1, 20)
  let value = 0
  return (isFirst) => {
    if (isFirst) value = random.chance(0.5) ? least * 0.25 : value + least * 40_000
    else if (random.chance(0.01)) value = least * 0.25
    else value += least * (1 + random.next() / 4)
    return value
  }
}

function walk(random: Random): () => number {
  let value = random.next() * 40
  return () => (value += random.next() - 0.5)
}

function oddValue(random: Random): number {
  return random.chance(0.2) ? random.pick([NaN, Infinity, -Infinity, -0, 0, 1]) : random.integer(-100, 100) / 4
}

function hugeValue(random: Random): number {
  return random.pick([1.7e308, -1.7e308, 1e300, 5e-324, -1e-310, 1e21, 123456789012345680000, 0.1, -3])
}

function histogram(random: Random, base: Readonly<Record<string, string>>, scrapes: readonly Scrape[]): RandomSeries[] {
  const bounds = ['0.1', '0.25', '1', '2.5', '+Inf']
  const perScrape = scrapes.map(() => bounds.map(() => random.integer(1, 9)))
  const totals = bounds.map((_, bound) => {
    let total = 1_000_000
    return perScrape.map((counts) => {
      for (let index = 0; index <= bound; index++) total += counts[index]
      return total
    })
  })
  const column = (values: readonly number[]): (() => number) => {
    let index = 0
    return () => values[index++]
  }
  const count = totals[bounds.length - 1]
  return [
    ...bounds.map((le, bound) => series('latency_bucket', { ...base, le }, scrapes, column(totals[bound]))),
    series('latency_count', base, scrapes, column(count)),
    series('latency_sum', base, scrapes, column(count.map((value) => value / 4))),
  ]
}
