import type { FastifyRequest } from 'fastify'
import type { MetricMetadata } from '@quartet/model'
import { labelsToRecord } from '@quartet/model'
import { formatDuration } from '@quartet/query'
import type { ActiveTarget } from '@quartet/scrape'
import type { ApiContext } from './context.ts'
import { ApiError } from './errors.ts'
import { Parameters } from './parameters.ts'
import type { Reply } from './reply.ts'

export function metadata(context: ApiContext, request: FastifyRequest): Reply {
  const parameters = Parameters.of(request)
  const limit = limitOf(parameters, 'limit')
  const perMetric = limitOf(parameters, 'limit_per_metric')
  const wanted = parameters.get('metric')
  const byName = new Map<string, { type: string; unit: string; help: string }[]>()
  for (const entry of context.source.metadata()) {
    if (wanted !== '' && entry.family !== wanted) continue
    addMetadata(byName, entry, perMetric)
  }
  const names = [...byName.keys()].sort().slice(0, limit < 0 ? undefined : limit)
  return { data: Object.fromEntries(names.map((name) => [name, byName.get(name)])) }
}

function addMetadata(
  byName: Map<string, { type: string; unit: string; help: string }[]>,
  { family, type, unit, help }: MetricMetadata,
  perMetric: number,
): void {
  const entries = byName.get(family) ?? []
  byName.set(family, entries)
  const isKnown = entries.some((entry) => entry.type === type && entry.unit === unit && entry.help === help)
  if (!isKnown && (perMetric <= 0 || entries.length < perMetric)) entries.push({ type, unit, help })
}

/** -1 is no limit here, and 0 is none at all. */
function limitOf(parameters: Parameters, name: string): number {
  const text = parameters.get(name)
  if (text === '') return -1
  if (!/^[+-]?\d+$/.test(text)) throw new ApiError('bad_data', `${name} must be a number`)
  return Number(text)
}

export function targets(context: ApiContext, request: FastifyRequest): Reply {
  const parameters = Parameters.of(request)
  const state = parameters.get('state').toLowerCase()
  const pool = parameters.get('scrapePool') || undefined
  const isWanted = (kind: string): boolean => state === '' || state === 'any' || state === kind
  const dropped = isWanted('dropped') ? context.scrapes.dropped(pool) : []
  const counts: Record<string, number> = {}
  if (isWanted('dropped')) {
    for (const job of context.scrapes.jobNames) if (pool === undefined || job === pool) counts[job] = 0
    for (const { job } of dropped) counts[job] = (counts[job] ?? 0) + 1
  }
  return {
    data: {
      activeTargets: isWanted('active') ? context.scrapes.active(pool).map(activeTarget) : [],
      droppedTargets: dropped.map(({ job, discoveredLabels }) => ({
        discoveredLabels: labelsToRecord(discoveredLabels),
        scrapePool: job,
      })),
      droppedTargetCounts: isWanted('dropped') ? counts : null,
    },
  }
}

export function activeTarget({ job, target, status }: ActiveTarget): Record<string, unknown> {
  return {
    discoveredLabels: labelsToRecord(target.discoveredLabels),
    labels: labelsToRecord(target.labels),
    scrapePool: job,
    scrapeUrl: target.url,
    globalUrl: target.globalUrl,
    lastError: status.lastError,
    lastScrape: status.lastScrapeMs === 0 ? '0001-01-01T00:00:00Z' : rfc3339(status.lastScrapeMs),
    lastScrapeDuration: status.lastDurationSeconds,
    health: status.health,
    scrapeInterval: formatDuration(target.intervalMs),
    scrapeTimeout: formatDuration(target.timeoutMs),
  }
}

export function scrapePools(context: ApiContext): Reply {
  return { data: { scrapePools: [...context.scrapes.jobNames].sort() } }
}

/** Go's RFC3339Nano: no trailing zeros in the fraction. */
export function rfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.?0*Z$/, 'Z')
}
