import { createHash } from 'node:crypto'

import type { Labels } from '@quartet/model'

import type { Discovery } from './discovery/discovery.ts'
import { FileDiscovery } from './discovery/file.ts'
import { staticDiscovery } from './discovery/static.ts'
import { ScrapeClient } from './loop/http-client.ts'
import { ScrapeLoop } from './loop/scrape-loop.ts'
import type { LoopServices, ScrapeStatus } from './loop/scrape-loop.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { createTarget, populateLabels, withScrapeDefaults } from './target/target.ts'
import type { DiscoveredTarget, Target } from './target/target.ts'

export interface ActiveTarget {
  readonly job: string
  readonly target: Target
  readonly status: Readonly<ScrapeStatus>
}

export interface DroppedTarget {
  readonly job: string
  readonly discoveredLabels: Labels
}

/** The targets of one job: discovery, relabelling, and one loop per target that is left. */
export class ScrapePool {
  readonly config: ScrapeConfig
  readonly #services: LoopServices
  readonly #client: ScrapeClient
  readonly #discoveries: readonly Discovery[]
  readonly #found = new Map<Discovery, readonly DiscoveredTarget[]>()
  #loops = new Map<string, ScrapeLoop>()
  #dropped: DroppedTarget[] = []
  #syncing: Promise<void> = Promise.resolve()

  constructor(config: ScrapeConfig, services: LoopServices) {
    this.config = config
    this.#services = services
    this.#client = new ScrapeClient(config.http)
    this.#discoveries = [
      ...(config.staticConfigs.length > 0 ? [staticDiscovery(config.staticConfigs)] : []),
      ...config.fileSdConfigs.map((files) => new FileDiscovery(files, services)),
    ]
  }

  start(): void {
    for (const discovery of this.#discoveries) {
      discovery.start((targets) => {
        this.#found.set(discovery, targets)
        this.#syncing = this.#syncing.then(() => this.#sync())
      })
    }
  }

  async stop(options: { markStale: boolean }): Promise<void> {
    for (const discovery of this.#discoveries) discovery.stop()
    await this.#syncing
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop(options)))
    this.#client.close()
  }

  active(): ActiveTarget[] {
    return [...this.#loops.values()].map((loop) => ({
      job: this.config.jobName,
      target: loop.target,
      status: loop.status,
    }))
  }

  dropped(): readonly DroppedTarget[] {
    return this.#dropped
  }

  /** Starts loops of new targets, stops those of gone ones, leaves the others alone. */
  async #sync(): Promise<void> {
    const wanted = this.#targets()
    const before = this.#loops
    this.#loops = new Map()
    for (const [key, target] of wanted) {
      const kept = before.get(key)
      before.delete(key)
      const loop =
        kept ?? new ScrapeLoop({ target, config: this.config, client: this.#client, services: this.#services })
      this.#loops.set(key, loop)
      if (!kept) loop.start(offsetOf(key, target.intervalMs))
    }
    await Promise.all([...before.values()].map((loop) => loop.stop({ markStale: true })))
  }

  #targets(): Map<string, Target> {
    const wanted = new Map<string, Target>()
    this.#dropped = []
    const { jobName, targetLimit } = this.config
    for (const discovered of [...this.#found.values()].flat()) {
      const withDefaults = withScrapeDefaults(discovered.discoveredLabels, this.config)
      const populated = populateLabels(withDefaults, this.config)
      if (populated.kind === 'kept') {
        const target = createTarget({ ...discovered, discoveredLabels: withDefaults }, populated.labels, this.config)
        wanted.set(target.key, target)
        continue
      }
      this.#dropped.push({ job: jobName, discoveredLabels: withDefaults })
      if (populated.kind === 'invalid') {
        this.#services.logger.error(
          { job: jobName, source: discovered.source, reason: populated.reason },
          'target is left out',
        )
      }
    }
    if (targetLimit > 0 && wanted.size > targetLimit) {
      this.#services.logger.error(
        { job: jobName, targets: wanted.size, limit: targetLimit },
        'target_limit exceeded, job is not scraped',
      )
      wanted.clear()
    }
    return wanted
  }
}

/** Spreads the targets over the interval, the same way after every restart. */
function offsetOf(key: string, intervalMs: number): number {
  return createHash('md5').update(key).digest().readUInt32BE(0) % intervalMs
}
