import { labelsFromRecord, labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import type { Timer } from '@quartet/runtime'
import {
  body,
  defaultBlock,
  optionalBlock,
  required,
  type,
  unsupported,
  withDefault,
  withoutEffect,
} from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import type { Value } from '../../syntax/index.ts'
import { clusteringSchema } from '../clustering.ts'
import { Positions } from './positions.ts'
import { logsReceivers, pushToAll } from './receiver.ts'
import type { LogEntry } from './receiver.ts'
import { Tailer } from './tailer.ts'

const schema = body(
  {
    targets: required(type.targets),
    forward_to: required(logsReceivers),
    encoding: withDefault(type.text, ''),
    tail_from_end: withDefault(type.bool, false),
    on_positions_file_error: withDefault(
      type.oneOf('restart_from_beginning', 'restart_from_end', 'skip'),
      'restart_from_beginning',
    ),
    legacy_positions_file: unsupported,
    decompression: unsupported,
    file_match: unsupported,
    file_watch: defaultBlock(() =>
      body({
        min_poll_frequency: withDefault(type.duration, 250),
        max_poll_frequency: withoutEffect(
          withDefault(type.duration, 250),
          'files are looked at every min_poll_frequency',
        ),
      }),
    ),
    clustering: optionalBlock(() => clusteringSchema),
  },
  ({ encoding }) =>
    /^(utf-?8)?$/i.test(encoding)
      ? undefined
      : `encoding ${JSON.stringify(encoding)} is not supported by Quartet yet, only UTF-8`,
)

type Settings = Decoded<typeof schema>

const SAVE_INTERVAL_MS = 1000
const MAX_BACKOFF_MS = 5000

/** Tails files. Positions move on only when the lines are taken over by what follows, so nothing is lost, at worst repeated. */
export const lokiSourceFile: ComponentDefinition<Settings> = {
  name: 'loki.source.file',
  schema,
  build(context, settings) {
    const source = new FileSource(context, settings)
    return {
      exports: new Map(),
      start: () => source.start(),
      update: (next) => source.update(next),
      stop: () => source.stop(),
      debugInfo: () => new Map([['files', source.files()]]),
    }
  },
}

interface Followed {
  readonly path: string
  readonly key: string
  readonly tailer: Tailer
  waitUntilMs: number
  backoffMs: number
}

class FileSource {
  readonly #context: ComponentContext
  #settings: Settings
  #positions: Positions | undefined
  readonly #followed = new Map<string, Followed>()
  /** Left alone because it is not known how far they have been read. */
  readonly #skipped = new Set<string>()
  #pollTimer: Timer | undefined
  #saveTimer: Timer | undefined
  #lastNs = 0n
  readonly #counters: ReturnType<typeof createCounters>

  constructor(context: ComponentContext, settings: Settings) {
    this.#context = context
    this.#settings = settings
    this.#counters = createCounters(context)
  }

  async start(): Promise<void> {
    const { clock, logger, dataDirectory } = this.#context
    let isLost = false
    this.#positions = await Positions.open(`${dataDirectory}/positions.json`, (message) => {
      isLost = true
      logger.error({ on_positions_file_error: this.#settings.on_positions_file_error }, message)
    })
    await this.#follow(isLost)
    this.#saveTimer = clock.every(SAVE_INTERVAL_MS, () => this.#save())
    this.#startPolling()
    this.#pollAll()
  }

  async update(settings: Settings): Promise<void> {
    this.#settings = settings
    await this.#follow(false)
    this.#startPolling()
    this.#pollAll()
  }

  async stop(): Promise<void> {
    this.#saveTimer?.cancel()
    this.#pollTimer?.cancel()
    await Promise.all([...this.#followed.values()].map(({ tailer }) => tailer.close()))
    this.#followed.clear()
    await this.#positions?.save()
  }

  files(): Value[] {
    return [...this.#followed.values()].map(
      ({ path, tailer }) =>
        new Map<string, Value>([
          ['path', path],
          ['read_offset', BigInt(tailer.offset)],
        ]),
    )
  }

  #startPolling(): void {
    this.#pollTimer?.cancel()
    this.#pollTimer = this.#context.clock.every(this.#settings.file_watch.min_poll_frequency, () => this.#pollAll())
  }

  /** @param isLost the positions of an earlier run cannot be read, so that the configuration decides where to begin */
  async #follow(isLost: boolean): Promise<void> {
    const { on_positions_file_error: onLost, tail_from_end } = this.#settings
    const fromEnd = isLost ? onLost === 'restart_from_end' : tail_from_end
    const wanted = new Set<string>()
    for (const target of this.#settings.targets) {
      const path = target.__path__
      if (!path) continue
      const labels = labelsFromRecord({
        ...Object.fromEntries(Object.entries(target).filter(([name]) => !name.startsWith('__'))),
        filename: path,
      })
      const key = labelsKey(labels)
      wanted.add(key)
      if (isLost && onLost === 'skip') this.#skipped.add(key)
      if (this.#followed.has(key) || this.#skipped.has(key)) continue
      this.#followed.set(key, this.#followedFile({ path, key, labels, fromEnd }))
    }
    for (const [key, { path, tailer }] of this.#followed) {
      if (wanted.has(key)) continue
      this.#followed.delete(key)
      await tailer.close()
      this.#context.logger.info({ path }, 'stopped following file')
    }
    this.#counters.active(this.#followed.size)
  }

  #followedFile(file: { path: string; key: string; labels: Labels; fromEnd: boolean }): Followed {
    const { path, key, labels, fromEnd } = file
    const positions = this.#positions!
    const tailer = new Tailer({
      path,
      position: positions.get(path, key),
      fromEnd,
      push: (lines) => this.#push(path, labels, lines),
      onPosition: (offset, inode) => positions.set({ path, labels: key, offset, inode }),
      onEvent: (event) => this.#context.logger.info({ path, event }, 'followed file changed'),
    })
    return { path, key, tailer, waitUntilMs: 0, backoffMs: 0 }
  }

  async #push(path: string, labels: Labels, lines: readonly string[]): Promise<void> {
    const entries: LogEntry[] = []
    for (const line of lines) if (line !== '') entries.push({ labels, timestampNs: this.#now(), line, metadata: [] })
    await pushToAll(this.#settings.forward_to, entries)
    this.#counters.read(path, lines)
  }

  /** Rises with every line: Loki takes equal lines at one time for repetitions. */
  #now(): bigint {
    const nowNs = this.#context.clock.nowNs()
    this.#lastNs = nowNs > this.#lastNs ? nowNs : this.#lastNs + 1n
    return this.#lastNs
  }

  #pollAll(): void {
    const nowMs = this.#context.clock.monotonicMs()
    for (const followed of this.#followed.values()) {
      if (nowMs < followed.waitUntilMs) continue
      followed.tailer.poll().then(
        () => (followed.backoffMs = 0),
        (error: unknown) => this.#backOff(followed, error),
      )
    }
  }

  #backOff(followed: Followed, error: unknown): void {
    followed.backoffMs = Math.min(MAX_BACKOFF_MS, followed.backoffMs * 2 || 500)
    followed.waitUntilMs = this.#context.clock.monotonicMs() + followed.backoffMs
    this.#context.logger.warn(
      { path: followed.path, reason: (error as Error).message },
      'cannot read or forward a file, will retry',
    )
  }

  #save(): void {
    this.#positions?.save().catch((error: unknown) => {
      this.#context.setHealth('unhealthy', `cannot write positions: ${(error as Error).message}`)
      this.#context.logger.error(
        { err: error },
        'positions could not be written; lines may be repeated after a restart',
      )
    })
  }
}

function createCounters({ metrics, id }: ComponentContext): {
  read(path: string, lines: readonly string[]): void
  active(count: number): void
} {
  const bytes = metrics.counter('loki_source_file_read_bytes_total', 'Number of bytes read.', ['component_id', 'path'])
  const lineCount = metrics.counter('loki_source_file_read_lines_total', 'Number of lines read.', [
    'component_id',
    'path',
  ])
  const active = metrics.gauge('loki_source_file_files_active_total', 'Number of active files.', ['component_id'])
  return {
    read(path, lines) {
      const labels = { component_id: id, path }
      lineCount.inc(labels, lines.length)
      bytes.inc(
        labels,
        lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
      )
    },
    active: (count) => active.set({ component_id: id }, count),
  }
}
