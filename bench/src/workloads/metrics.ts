import { printTable, round } from '../table.ts'
import { metricsDisk } from './metrics-disk.ts'
import { metricsIngest, perMillion } from './metrics-ingest.ts'
import { metricsLatency } from './metrics-latency.ts'
import { metricsMillion } from './metrics-million.ts'
import { agreement } from './agreement.ts'
import { metricsQuery } from './metrics-query.ts'
import type { QueryResults } from './metrics-query.ts'

interface Line {
  readonly what: string
  readonly limit: number
  readonly measured: number
}

/** Most CPU against the peers, by kind of query; see the list of queries in metrics-query.ts. */
const HEAVY = ['sum by(rate)', 'histogram_quantile', 'topk of sum by(rate)', 'error ratio (join)', 'quantile_over_time']
const OUTPUT_BOUND = ['selector', 'selector, 560 series', 'instant selector, 5600 series', 'rate']
const METADATA = ['/series', 'label values', 'labels']

/**
 * Everything in one run, with what it should keep within. Flags are handed to every part, so `--servers quartet` makes it short;
 * parts that compare with a peer are left out when it is not there.
 */
export async function metrics(args: readonly string[]): Promise<void> {
  const lines: Line[] = []
  const ingest = await metricsIngest(args)
  const row = (name: string): (typeof ingest)[number] | undefined => ingest.find((one) => one.name === name)
  const own = row('quartet')
  for (const [name, limit] of [
    ['prometheus', 0.1],
    ['victoria-metrics', 0.4],
  ] as const) {
    const other = row(name)
    if (own && other)
      lines.push({ what: `remote write, CPU against ${name}`, limit, measured: perMillion(own) / perMillion(other) })
  }
  const peer = row('prometheus')
  if (own && peer)
    lines.push({ what: '100k series, peak RSS against prometheus', limit: 0.6, measured: own.peakMb / peer.peakMb })
  const results = await metricsQuery(args)
  lines.push(...queryLines(results))
  for (const { name, quiet, busy } of await metricsLatency(args)) {
    if (name !== 'quartet') continue
    // "Kept" within what the noise of a shared machine does to 99 of 100: three times, or 15 ms.
    const kept = (alone: number, beside: number): number => beside / Math.max(3 * alone, alone + 15)
    lines.push({
      what: 'write p99 beside a heavy query, of what is allowed',
      limit: 1,
      measured: kept(quiet.write.p99Ms, busy.write.p99Ms),
    })
    lines.push({
      what: 'small query p99 beside a heavy query, of what is allowed',
      limit: 1,
      measured: kept(quiet.query.p99Ms, busy.query.p99Ms),
    })
  }
  for (const { name, bytesPerBlockSample } of await metricsDisk(args)) {
    if (name === 'quartet')
      lines.push({ what: 'bytes per sample on disk', limit: 1.25, measured: bytesPerBlockSample ?? NaN })
  }
  for (const { name, residentMb, queryableMs } of await metricsMillion(args)) {
    if (name !== 'quartet') continue
    lines.push({ what: '1M active series, RSS in MB', limit: 1536, measured: residentMb })
    lines.push({ what: '1M active series, s until queryable after kill -9', limit: 5, measured: queryableMs / 1000 })
  }
  printTable(
    'What it should keep within',
    ['', 'measured', 'at most', ''],
    lines.map(({ what, limit, measured }) => [
      what,
      round(measured, 3),
      String(limit),
      measured <= limit ? 'kept' : 'MISSED',
    ]),
  )
  const differing = answersThatDiffer(results)
  console.log(differing.length === 0 ? '\nAll answers agree.' : `\nAnswers that differ: ${differing.join(', ')}`)
}

function queryLines(results: QueryResults): Line[] {
  const lines: Line[] = []
  const add = (queries: readonly string[], peer: string, limit: number): void => {
    const other = results.get(peer)
    const own = results.get('quartet')
    if (!own || !other) return
    for (const query of queries) {
      const measured = own.get(query)!.cpuMs / other.get(query)!.cpuMs
      lines.push({ what: `${query}, CPU against ${peer}`, limit, measured })
    }
  }
  add(HEAVY, 'prometheus', 0.2)
  add(HEAVY, 'victoria-metrics', 0.5)
  add(OUTPUT_BOUND, 'prometheus', 0.5)
  add(METADATA, 'prometheus', 1)
  return lines
}

function answersThatDiffer(results: QueryResults): string[] {
  const own = results.get('quartet')
  const other = results.get('prometheus')
  if (!own || !other) return []
  return [...own.keys()].filter((query) => {
    const verdict = agreement(own.get(query)!.body, other.get(query)!.body)
    return verdict !== 'same' && verdict !== 'equal'
  })
}
