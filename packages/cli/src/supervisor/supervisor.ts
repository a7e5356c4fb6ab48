import type { Clock, Endpoint, Logger } from '@quartet/runtime'
import { SystemFailure, toFailure } from './messages.ts'
import type { Failure, StartedSystem, SystemSnapshot } from './messages.ts'
import type { SystemRunner } from './runner.ts'

export interface SupervisedSystem {
  readonly name: string
  readonly service: string
  readonly stopRank: number
  /** Begins one life. */
  readonly run: () => SystemRunner
}

export interface SupervisorOptions {
  readonly systems: readonly SupervisedSystem[]
  readonly clock: Clock
  readonly logger: Logger
  /** How long one system may take to stop before it is ended by force. Default 20 s. */
  readonly stopTimeoutMs?: number
}

export type SystemState = 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped'

export interface SystemStatus {
  readonly name: string
  readonly service: string
  readonly state: SystemState
  readonly restarts: number
  /** Why it last went down; `undefined` when it never did. */
  readonly lastReason: string | undefined
}

export interface SystemReport extends StartedSystem {
  readonly name: string
  readonly service: string
}

export interface TakenSnapshot extends SystemSnapshot {
  readonly service: string
}

/** Some systems could not start; all of them are told, since each is a thing to put right. */
export class StartError extends Error {
  readonly failures: readonly (Failure & { service: string })[]
  constructor(failures: readonly (Failure & { service: string })[]) {
    super(failures.flatMap(({ service, lines }) => lines.map((line) => `${service}: ${line}`)).join('\n'))
    this.name = 'StartError'
    this.failures = failures
  }
}

export const FIRST_DELAY_MS = 1_000
export const MAX_DELAY_MS = 60_000
/** A life longer than this makes up for earlier crashes. */
export const STABLE_AFTER_MS = 300_000

/**
 * Keeps systems alive: one that dies is started again after 1, 2, 4 … 60 s while the others go on. The first start is all or
 * nothing, so that a wrong configuration is seen at once.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #slots: Slot[]
  #isStopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#slots = options.systems.map((system) => ({
      system,
      runner: undefined,
      state: 'stopped',
      restarts: 0,
      lastReason: undefined,
      delayMs: FIRST_DELAY_MS,
    }))
  }

  /** @throws StartError when any system fails; the others are stopped again */
  async start(): Promise<readonly SystemReport[]> {
    const outcomes = await Promise.allSettled(this.#slots.map((slot) => this.#begin(slot)))
    const failures = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected'
        ? [{ ...failureOf(outcome.reason), service: this.#slots[index]!.system.service }]
        : [],
    )
    if (failures.length > 0) {
      await this.stop()
      throw new StartError(failures)
    }
    for (const slot of this.#slots) this.#watch(slot)
    return outcomes.map((outcome, index) => {
      const { name, service } = this.#slots[index]!.system
      return { name, service, ...(outcome as PromiseFulfilledResult<StartedSystem>).value }
    })
  }

  statuses(): readonly SystemStatus[] {
    return this.#slots.map(({ system, state, restarts, lastReason }) => {
      const { name, service } = system
      return { name, service, state, restarts, lastReason }
    })
  }

  /** Every running system reads its configuration anew. @returns the failures; those systems keep the old one */
  async reload(): Promise<readonly (Failure & { service: string })[]> {
    const running = this.#slots.filter((slot) => slot.state === 'running')
    const outcomes = await Promise.allSettled(running.map((slot) => slot.runner!.reload()))
    return outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [{ ...failureOf(outcome.reason), service: running[index]!.system.service }] : [],
    )
  }

  /**
   * Snapshots of all systems under one id, senders before those who receive: what is on its way between two of them is then in both,
   * never in none. On failure what was taken is removed again.
   * @throws Error when a system is not running or cannot take one
   */
  async takeSnapshots(id: string): Promise<readonly TakenSnapshot[]> {
    const waiting = this.#slots.filter(({ state }) => state !== 'running')
    if (waiting.length > 0) {
      throw new Error(waiting.map(({ system, state }) => `${system.service} is ${state}`).join(', '))
    }
    const taken: TakenSnapshot[] = []
    try {
      for (const { system, runner } of this.#byRank()) {
        const snapshot = await runner!.takeSnapshot(id)
        if (snapshot) taken.push({ ...snapshot, service: system.service })
      }
    } catch (error) {
      await this.removeSnapshots(id)
      throw error
    }
    return taken
  }

  /** Of the systems that run; what a stopped one has left goes when it is started again. */
  async removeSnapshots(id: string): Promise<void> {
    const removed = this.#slots.flatMap(({ runner, state }) =>
      state === 'running' && runner ? [runner.removeSnapshot(id)] : [],
    )
    for (const outcome of await Promise.allSettled(removed)) {
      if (outcome.status === 'rejected') {
        this.#options.logger.warn({ id, err: outcome.reason }, 'a snapshot could not be removed')
      }
    }
  }

  /**
   * Stops rank by rank. @returns whether every system flushed and closed in time
   */
  async stop(): Promise<boolean> {
    this.#isStopping = true
    const ranks = [...new Set(this.#slots.map(({ system }) => system.stopRank))].sort((left, right) => left - right)
    let isClean = true
    for (const rank of ranks) {
      const group = this.#slots.filter(({ system }) => system.stopRank === rank)
      const results = await Promise.all(group.map((slot) => this.#end(slot)))
      isClean = isClean && results.every(Boolean)
    }
    return isClean
  }

  #byRank(): Slot[] {
    return this.#slots.toSorted((left, right) => left.system.stopRank - right.system.stopRank)
  }

  async #begin(slot: Slot): Promise<StartedSystem> {
    slot.state = slot.restarts > 0 ? 'restarting' : 'starting'
    const runner = slot.system.run()
    slot.runner = runner
    slot.startedMs = this.#options.clock.monotonicMs()
    try {
      const report = await runner.started
      if (!this.#isStopping) slot.state = 'running'
      return report
    } catch (error) {
      await runner.kill()
      slot.runner = undefined
      slot.state = 'stopped'
      throw error
    }
  }

  #watch(slot: Slot): void {
    const { runner } = slot
    void runner?.exited.then((reason) => {
      if (this.#isStopping || slot.runner !== runner) return
      slot.runner = undefined
      this.#restartLater(slot, reason)
    })
  }

  #restartLater(slot: Slot, reason: string): void {
    const { clock, logger } = this.#options
    if (clock.monotonicMs() - (slot.startedMs ?? 0) >= STABLE_AFTER_MS) slot.delayMs = FIRST_DELAY_MS
    const { delayMs } = slot
    slot.delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)
    slot.state = 'restarting'
    slot.restarts++
    slot.lastReason = reason
    const others = this.#slots
      .filter((other) => other !== slot)
      .map(({ system, state }) => `${system.service} ${state}`)
    logger.error(
      { system: slot.system.name, reason, restarts: slot.restarts, delayMs, others },
      'a system died, starting it again',
    )
    slot.timer = clock.after(delayMs, () => void this.#restart(slot))
  }

  async #restart(slot: Slot): Promise<void> {
    if (this.#isStopping) return
    try {
      await this.#begin(slot)
    } catch (error) {
      if (!this.#isStopping) this.#restartLater(slot, failureOf(error).lines.join('; '))
      return
    }
    if (this.#isStopping) return
    this.#options.logger.warn({ system: slot.system.name, restarts: slot.restarts }, 'the system runs again')
    this.#watch(slot)
  }

  /** @returns whether it stopped by itself */
  async #end(slot: Slot): Promise<boolean> {
    slot.timer?.cancel()
    const { runner } = slot
    if (!runner) {
      slot.state = 'stopped'
      return true
    }
    slot.state = 'stopping'
    const { clock, logger, stopTimeoutMs = 20_000 } = this.#options
    const late = Promise.withResolvers<never>()
    const deadline = clock.after(stopTimeoutMs, () =>
      late.reject(new Error(`it did not stop within ${stopTimeoutMs / 1000} s`)),
    )
    try {
      await Promise.race([runner.stop(), late.promise])
      return true
    } catch (error) {
      logger.error(
        { system: slot.system.name, reason: failureOf(error).lines.join('; ') },
        'a system did not stop cleanly',
      )
      return false
    } finally {
      deadline.cancel()
      await runner.kill()
      slot.runner = undefined
      slot.state = 'stopped'
    }
  }
}

interface Slot {
  readonly system: SupervisedSystem
  runner: SystemRunner | undefined
  state: SystemState
  restarts: number
  lastReason: string | undefined
  delayMs: number
  startedMs?: number
  timer?: { cancel(): void }
}

function failureOf(error: unknown): Failure {
  return error instanceof SystemFailure ? error.failure : toFailure(error)
}

export type { Endpoint }
