import type { Lifecycle, SelfMetrics, SystemOptions } from '@quartet/runtime'
import { openRemoteWrite } from '@quartet/scrape'
import { nodeFileSystem } from '@quartet/storage'
import { hostname } from 'node:os'
import type { GeneratorConfig } from '../config/generator-config.ts'
import { MetricsGenerator } from './generator.ts'
import { SpanFeed } from './span-feed.ts'

const TICK_MS = 2000
const REMOVE_STALE_MS = 5 * 60_000

/**
 * Builds the generator with its queues below `directory`, and the timers that drive it. Stopping it writes what it has counted
 * so far into the queues.
 */
export async function startGenerator(
  rooms: Lifecycle,
  { clock, logger }: SystemOptions,
  { config, directory, metrics }: { config: GeneratorConfig; directory: string; metrics: SelfMetrics },
): Promise<SpanFeed> {
  const sink = await rooms.start(
    () => openRemoteWrite(config.remoteWrite, { fileSystem: nodeFileSystem, clock, logger, metrics, directory }),
    (opened) => opened.stop(),
  )
  const nowMs = (): number => clock.nowMs()
  const generator = new MetricsGenerator({ config, sink, nowMs, metrics, logger, instance: hostname() })
  const feed = new SpanFeed(
    (columns) => generator.push(columns),
    (error) => logger.error({ err: error }, 'a request could not be counted by the metrics generator'),
  )
  const collect = (): Promise<void> => {
    feed.drain()
    return generator
      .collect()
      .catch((error: unknown) => logger.error({ err: error }, 'generated metrics could not be collected'))
  }
  rooms.onStop(collect)
  const timers = [
    clock.every(config.collectionIntervalMs, () => void collect()),
    clock.every(TICK_MS, () => generator.tick()),
    clock.every(REMOVE_STALE_MS, () => generator.removeStale()),
  ]
  rooms.onStop(() => {
    for (const timer of timers) timer.cancel()
  })
  return feed
}
