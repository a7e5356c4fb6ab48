import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import type { Clock, Logger, Timer } from '@quartet/runtime'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'

import type { FileSdConfig } from '../scrape-config.ts'
import type { DiscoveredTarget } from '../target/target.ts'
import { targetsOfGroup } from './discovery.ts'
import type { Discovery } from './discovery.ts'

const groupsSchema = z.array(
  z.strictObject({
    targets: z.array(z.string()).default([]),
    labels: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  }),
)

/**
 * `file_sd_configs`: target lists in JSON or YAML, read again every refresh interval. A file that cannot be used keeps the
 * targets it gave before, as upstream, and is reported once per change.
 */
export class FileDiscovery implements Discovery {
  readonly #config: FileSdConfig
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #known = new Map<string, { text: string; targets: readonly DiscoveredTarget[] }>()
  #timer: Timer | undefined

  constructor(config: FileSdConfig, services: { clock: Clock; logger: Logger }) {
    this.#config = config
    this.#clock = services.clock
    this.#logger = services.logger
  }

  start(update: (targets: readonly DiscoveredTarget[]) => void): void {
    this.#refresh()
    update(this.#targets())
    this.#timer = this.#clock.every(this.#config.refreshIntervalMs, () => {
      if (this.#refresh()) update(this.#targets())
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #targets(): DiscoveredTarget[] {
    return [...this.#known.values()].flatMap((file) => file.targets)
  }

  /** Returns whether anything changed. */
  #refresh(): boolean {
    let changed = false
    const present = new Set(this.#config.files.flatMap(expandGlob))
    for (const path of present) changed = this.#readFile(path) || changed
    for (const path of this.#known.keys()) {
      if (present.has(path)) continue
      this.#known.delete(path)
      changed = true
    }
    return changed
  }

  #readFile(path: string): boolean {
    const before = this.#known.get(path)
    let text = ''
    try {
      text = readFileSync(path, 'utf8')
      if (text === before?.text) return false
      const groups = groupsSchema.parse(path.endsWith('.json') ? JSON.parse(text) : (parseYaml(text) ?? []))
      const targets = groups.flatMap((group, index) =>
        targetsOfGroup(group, `${path}:${index}`, { __meta_filepath: path }),
      )
      this.#known.set(path, { text, targets })
      return true
    } catch (error) {
      this.#logger.error({ path, error: (error as Error).message }, 'target file cannot be used, its old targets stay')
      if (before) this.#known.set(path, { ...before, text })
      return false
    }
  }
}

/** Upstream allows one `*` in the last part of a path. */
function expandGlob(pattern: string): string[] {
  const name = basename(pattern)
  const star = name.indexOf('*')
  if (star < 0) return [pattern]
  const directory = dirname(pattern)
  const prefix = name.slice(0, star)
  const suffix = name.slice(star + 1)
  try {
    return readdirSync(directory)
      .filter(
        (entry) => entry.length >= prefix.length + suffix.length && entry.startsWith(prefix) && entry.endsWith(suffix),
      )
      .sort()
      .map((entry) => join(directory, entry))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
