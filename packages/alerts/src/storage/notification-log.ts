import type { FileSystem, WalProblem } from '@quartet/storage'
import { StateLog } from './state-log.ts'

/** What was last told to one integration about one group. */
export interface LogEntry {
  readonly groupKey: string
  readonly receiver: string
  readonly integration: string
  /** Among the receiver's settings of this kind. */
  readonly index: number
  readonly timestampMs: number
  /** Fingerprints. */
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
  readonly expiresAtMs: number
}

export type LogKey = Pick<LogEntry, 'groupKey' | 'receiver' | 'integration' | 'index'>

export interface NotificationLogOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly nowMs: () => number
  readonly every: (ms: number, action: () => void) => { cancel(): void }
  readonly retentionMs: number
  readonly onProblem: (problem: WalProblem) => void
}

/** Remembers who was told what, also across restarts, so that nobody is told twice. */
export class NotificationLog {
  readonly #options: NotificationLogOptions
  readonly #entries = new Map<string, LogEntry>()
  #log: StateLog<LogEntry> | undefined

  static async open(options: NotificationLogOptions): Promise<NotificationLog> {
    const log = new NotificationLog(options)
    log.#log = await StateLog.open<LogEntry>(options, (entry) => log.#entries.set(keyOf(entry), entry))
    log.#collect()
    return log
  }

  private constructor(options: NotificationLogOptions) {
    this.#options = options
  }

  find(key: LogKey): LogEntry | undefined {
    return this.#entries.get(keyOf(key))
  }

  get size(): number {
    return this.#entries.size
  }

  get sizeBytes(): number {
    return this.#log?.sizeBytes ?? 0
  }

  /**
   * Counts at once, also when the disk refuses: telling twice after a crash is better than telling again every minute.
   * @param expiryMs forgotten after this long, or after the retention when that is shorter
   * @throws WalError
   */
  async record(
    key: LogKey,
    told: { firing: readonly string[]; resolved: readonly string[]; expiryMs: number },
  ): Promise<void> {
    const { nowMs, retentionMs } = this.#options
    const timestampMs = nowMs()
    const keepMs = told.expiryMs > 0 ? Math.min(retentionMs, told.expiryMs) : retentionMs
    const entry: LogEntry = {
      groupKey: key.groupKey,
      receiver: key.receiver,
      integration: key.integration,
      index: key.index,
      timestampMs,
      firing: told.firing,
      resolved: told.resolved,
      expiresAtMs: timestampMs + keepMs,
    }
    this.#entries.set(keyOf(key), entry)
    await this.#log?.write(entry)
  }

  /** Forgets what has expired and shortens the log. */
  async maintain(): Promise<void> {
    this.#collect()
    await this.#log?.rewrite(() => this.#entries.values())
  }

  async close(): Promise<void> {
    await this.#log?.close()
  }

  #collect(): void {
    const nowMs = this.#options.nowMs()
    for (const [key, entry] of this.#entries) if (entry.expiresAtMs <= nowMs) this.#entries.delete(key)
  }
}

function keyOf({ groupKey, index, integration, receiver }: LogKey): string {
  return `${groupKey}:${receiver}/${integration}/${index}`
}

export interface UpdateQuestion {
  readonly entry: Pick<LogEntry, 'firing' | 'resolved' | 'timestampMs'> | undefined
  readonly firing: ReadonlySet<string>
  readonly resolved: ReadonlySet<string>
  readonly sendResolved: boolean
  readonly repeatMs: number
  readonly nowMs: number
}

/** Whether there is something that the receiver does not know yet, or that it must be reminded of. */
export function needsUpdate({ entry, firing, nowMs, repeatMs, resolved, sendResolved }: UpdateQuestion): boolean {
  // Nobody needs to hear of the end of something that they never heard of.
  if (!entry) return firing.size > 0
  if (!isSubset(firing, entry.firing)) return true
  // That nothing fires any more is recorded also where it is not told.
  if (firing.size === 0) return entry.firing.length > 0
  if (sendResolved && !isSubset(resolved, entry.resolved)) return true
  return entry.timestampMs < nowMs - repeatMs
}

function isSubset(part: ReadonlySet<string>, whole: readonly string[]): boolean {
  if (part.size === 0) return true
  const known = new Set(whole)
  for (const item of part) if (!known.has(item)) return false
  return true
}
