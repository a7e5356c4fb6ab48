import type { Labels } from '@quartet/model'
import type { FileSystem, WalProblem } from '@quartet/storage'
import { randomUUID } from 'node:crypto'
import { LabelMatcher, matchesAll } from '../config/matcher/label-matcher.ts'
import type { MatcherMode } from '../config/matcher/parse-matchers.ts'
import { SilenceError, silenceState, validateSilence } from './silence.ts'
import type { Silence, SilenceState } from './silence.ts'
import { StateLog } from './state-log.ts'

export interface SilencesOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly nowMs: () => number
  readonly every: (ms: number, action: () => void) => { cancel(): void }
  /** How long an expired silence is still shown. */
  readonly retentionMs: number
  /** 0 is none. */
  readonly maxSilences: number
  /** 0 is none. */
  readonly maxSilenceBytes: number
  readonly mode: MatcherMode
  readonly onProblem: (problem: WalProblem) => void
}

export type SilenceDraft = Omit<Silence, 'updatedAtMs' | 'startsAtMs'> & { readonly startsAtMs: number | undefined }

interface Held {
  silence: Silence
  readonly matchers: readonly LabelMatcher[]
}

/** All silences, in memory and in a log; every change is in the log before it is seen. */
export class Silences {
  readonly #options: SilencesOptions
  readonly #held = new Map<string, Held>()
  #log: StateLog<Silence> | undefined
  /** Changes follow one another: what a change decides from must not change while it is being written. */
  #last: Promise<unknown> = Promise.resolve()

  static async open(options: SilencesOptions): Promise<Silences> {
    const silences = new Silences(options)
    silences.#log = await StateLog.open<Silence>(options, (silence) => silences.#apply(silence))
    silences.#collect()
    return silences
  }

  private constructor(options: SilencesOptions) {
    this.#options = options
  }

  get(id: string): Silence | undefined {
    return this.#held.get(id)?.silence
  }

  list(): Silence[] {
    return Array.from(this.#held.values(), ({ silence }) => silence)
  }

  count(state: SilenceState): number {
    const nowMs = this.#options.nowMs()
    let count = 0
    for (const { silence } of this.#held.values()) if (silenceState(silence, nowMs) === state) count++
    return count
  }

  get sizeBytes(): number {
    return this.#log?.sizeBytes ?? 0
  }

  /** Ids of the active silences that match, sorted. */
  silencing(labels: Labels): readonly string[] {
    const nowMs = this.#options.nowMs()
    const ids: string[] = []
    for (const [id, { matchers, silence }] of this.#held) {
      if (silenceState(silence, nowMs) === 'active' && matchesAll(matchers, labels)) ids.push(id)
    }
    return ids.sort()
  }

  /**
   * Adds a silence, or changes the one with this id. A change that would rewrite history expires the old one and adds a new one.
   * @returns the id under which it is now
   * @throws SilenceError, or WalError when the disk refuses
   */
  set(draft: SilenceDraft): Promise<string> {
    return this.#inTurn(() => this.#set(draft))
  }

  /** Ends a silence now; one that has ended stays as it is. @throws SilenceError when there is none */
  expire(id: string): Promise<void> {
    return this.#inTurn(() => this.#expire(id))
  }

  /** Forgets what expired long ago and shortens the log. */
  async maintain(): Promise<void> {
    this.#collect()
    await this.#inTurn(async () => this.#log?.rewrite(() => this.list()))
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined)
    await this.#log?.close()
  }

  async #set(draft: SilenceDraft): Promise<string> {
    const { maxSilences, mode } = this.#options
    const nowMs = this.#options.nowMs()
    const wanted = { ...draft, startsAtMs: draft.startsAtMs ?? nowMs }
    try {
      validateSilence(wanted, mode)
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error
      throw new SilenceError(`invalid silence: ${error.message}`)
    }
    const previous = this.get(draft.id)
    if (draft.id !== '' && !previous) throw new SilenceError('silence not found', 'not found')
    if (previous && canUpdate(previous, wanted, nowMs)) {
      await this.#put({ ...wanted, updatedAtMs: nowMs })
      return previous.id
    }
    if (maxSilences > 0 && this.#held.size + 1 > maxSilences) {
      throw new SilenceError(`exceeded maximum number of silences: ${this.#held.size} (limit: ${maxSilences})`, 'limit')
    }
    const id = randomUUID()
    const silence = { ...wanted, id, startsAtMs: Math.max(wanted.startsAtMs, nowMs), updatedAtMs: nowMs }
    this.#checkSize(silence)
    if (previous && silenceState(previous, nowMs) !== 'expired') await this.#expire(previous.id)
    await this.#put(silence)
    return id
  }

  async #expire(id: string): Promise<void> {
    const silence = this.get(id)
    if (!silence) throw new SilenceError('silence not found', 'not found')
    const nowMs = this.#options.nowMs()
    const state = silenceState(silence, nowMs)
    if (state === 'expired') return
    // One millisecond is our finest time: ending now would still be active now.
    const endsAtMs = nowMs - 1
    const startsAtMs = state === 'pending' ? endsAtMs : silence.startsAtMs
    await this.#put({ ...silence, startsAtMs: Math.min(startsAtMs, endsAtMs), endsAtMs, updatedAtMs: nowMs })
  }

  async #put(silence: Silence): Promise<void> {
    this.#checkSize(silence)
    await this.#log?.write(silence)
    this.#apply(silence)
  }

  #apply(silence: Silence): void {
    const matchers = silence.matchers.map(({ name, type, value }) => new LabelMatcher(type, name, value))
    this.#held.set(silence.id, { silence, matchers })
  }

  #checkSize(silence: Silence): void {
    const { maxSilenceBytes } = this.#options
    const size = Buffer.byteLength(JSON.stringify(silence))
    if (maxSilenceBytes > 0 && size > maxSilenceBytes) {
      const message = `silence exceeded maximum size: ${size} bytes (limit: ${maxSilenceBytes} bytes)`
      throw new SilenceError(message, 'limit')
    }
  }

  #collect(): void {
    const beforeMs = this.#options.nowMs() - this.#options.retentionMs
    for (const [id, { silence }] of this.#held) if (silence.endsAtMs < beforeMs) this.#held.delete(id)
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change)
    this.#last = turn
    turn.catch(() => undefined)
    return turn
  }
}

/** Whether the change leaves what was silenced so far as it was. */
function canUpdate(old: Silence, wanted: Omit<Silence, 'updatedAtMs'>, nowMs: number): boolean {
  const isSame =
    old.matchers.length === wanted.matchers.length &&
    old.matchers.every(({ name, type, value }, index) => {
      const other = wanted.matchers[index]
      return name === other.name && type === other.type && value === other.value
    })
  if (!isSame) return false
  switch (silenceState(old, nowMs)) {
    case 'active':
      return Math.floor(wanted.startsAtMs / 1000) === Math.floor(old.startsAtMs / 1000) && wanted.endsAtMs >= nowMs
    case 'pending':
      return wanted.startsAtMs >= nowMs
    case 'expired':
      return false
  }
}
