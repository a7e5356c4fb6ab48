import type { FastifyRequest } from 'fastify'
import { hostname } from 'node:os'
import type { ApiContext } from './context.ts'
import { invalidParameter } from './errors.ts'
import { rfc3339 } from './metadata-routes.ts'
import { Parameters } from './parameters.ts'
import type { Reply } from './reply.ts'

/** The release whose API, query language and configuration this system speaks. Clients switch features on it. */
export const UPSTREAM_VERSION = '3.8.1'

export function buildInfo(): { readonly data: Readonly<Record<string, string>> } {
  return {
    data: {
      version: UPSTREAM_VERSION,
      revision: 'quartet',
      branch: 'HEAD',
      buildUser: 'quartet',
      buildDate: '',
      goVersion: `node${process.versions.node}`,
    },
  }
}

export async function configText(context: ApiContext): Promise<Reply> {
  return { data: { yaml: await context.config().text() } }
}

export function flags(context: ApiContext): Reply {
  const names = Object.keys(context.flags).sort()
  return { data: Object.fromEntries(names.map((name) => [name, context.flags[name]])) }
}

export function runtimeInfo(context: ApiContext): Reply {
  const { isSuccessful, timeMs } = context.lastReload()
  return {
    data: {
      startTime: rfc3339(context.startedMs),
      CWD: process.cwd(),
      hostname: hostname(),
      serverTime: rfc3339(context.clock.nowMs()),
      reloadConfigSuccess: isSuccessful,
      lastConfigTime: rfc3339(timeMs),
      corruptionCount: context.stats().walCorruptions,
      goroutineCount: 0,
      GOMAXPROCS: 1,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: context.settings.retentionText,
    },
  }
}

const TSDB_LIMIT = 10
const MAX_TSDB_LIMIT = 10_000

export function tsdbStatus(context: ApiContext, request: FastifyRequest): Reply {
  const text = Parameters.of(request).get('limit')
  const limit = text === '' ? TSDB_LIMIT : Number(text)
  if (!Number.isInteger(limit) || limit < 1) throw invalidParameter('limit', 'limit must be a positive number')
  if (limit > MAX_TSDB_LIMIT) throw invalidParameter('limit', `limit must not exceed ${MAX_TSDB_LIMIT}`)
  const report = context.cardinality(limit)
  return {
    data: {
      headStats: {
        numSeries: report.numSeries,
        numLabelPairs: report.numLabelPairs,
        chunkCount: report.chunkCount,
        minTime: finite(report.minTime),
        maxTime: finite(report.maxTime),
      },
      seriesCountByMetricName: report.seriesCountByMetricName,
      labelValueCountByLabelName: report.labelValueCountByLabelName,
      memoryInBytesByLabelName: report.memoryInBytesByLabelName,
      seriesCountByLabelValuePair: report.seriesCountByLabelValuePair,
    },
  }
}

/** An empty head has no times; upstream shows the extremes of an int64, JavaScript the nearest it has. */
function finite(timeMs: number): number {
  return Number.isFinite(timeMs) ? timeMs : 0
}

export function walReplay(): Reply {
  return { data: { min: 0, max: 0, current: 0 } }
}

/** Our blocks in upstream's terms: `maxTime` is exclusive. */
export function tsdbBlocks(context: ApiContext): Reply {
  const blocks = context.blocks().map((meta) => ({
    ulid: meta.id,
    minTime: meta.minMs,
    maxTime: meta.maxMs + 1,
    stats: {
      numSamples: meta['sampleCount'],
      numSeries: meta['seriesCount'],
      numChunks: meta['chunkCount'],
    },
    compaction: { level: meta['level'] ?? 1, sources: [meta.id] },
    version: meta.version,
  }))
  return { data: { blocks } }
}
