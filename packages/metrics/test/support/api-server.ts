import { createHttpServer, createSelfMetrics, silentLogger, systemClock } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import type { ApiContext } from '../../src/api/context.ts'
import { addApiRoutes } from '../../src/api/routes.ts'
import { METRICS_FLAGS, readSettings } from '../../src/config/flags.ts'
import { QueryEngine } from '../../src/query/engine.ts'
import { QueryGate } from '../../src/query/query-gate.ts'
import type { SeriesSource } from '../../src/query/source.ts'
import { UPSTREAM_TEST_ENGINE } from './promqltest.ts'

/** The real API over any source, on a free port. */
export async function startApi(
  source: SeriesSource,
  overrides: Partial<ApiContext> = {},
): Promise<{ server: HttpServer; url: string }> {
  const settings = readSettings({})
  const engine = new QueryEngine(source, { ...UPSTREAM_TEST_ENGINE, nowMs: () => systemClock.nowMs() })
  const server = createHttpServer({
    name: 'prometheus',
    host: '127.0.0.1',
    port: 0,
    portFlag: 'web.listen-address',
    logger: silentLogger,
    metrics: createSelfMetrics({ clock: systemClock }),
  })
  addApiRoutes(server, {
    clock: systemClock,
    logger: silentLogger,
    settings,
    flags: Object.fromEntries(METRICS_FLAGS.map(({ name, default: fallback }) => [name, fallback ?? ''])),
    source,
    gate: new QueryGate(4),
    engine: () => engine,
    threads: {
      run() {
        throw new Error('not part of this test')
      },
    },
    exemplars: () => [],
    stats: () => {
      throw new Error('no database behind this API')
    },
    blocks: () => [],
    cardinality: () => {
      throw new Error('no database behind this API')
    },
    admin: {
      deleteSeries: () => Promise.reject(new Error('no database behind this API')),
      cleanTombstones: () => Promise.reject(new Error('no database behind this API')),
      snapshot: () => Promise.reject(new Error('no database behind this API')),
    },
    scrapes: { active: () => [], dropped: () => [], jobNames: [] },
    rules: { groups: [], activeAlerts: [] },
    notifier: { urls: [], droppedUrls: [] },
    config: () => {
      throw new Error('no configuration behind this API')
    },
    startedMs: 0,
    observeQuery: () => undefined,
    lastReload: () => ({ isSuccessful: true, timeMs: 0 }),
    ...overrides,
  })
  const { url } = await server.listen()
  return { server, url }
}
