import type { StartedSystem, SystemSnapshot } from './messages.ts'

/** One life of a system. */
export interface SystemRunner {
  /** Rejects with {@link SystemFailure} when it could not start, with an Error when it died while starting. */
  readonly started: Promise<StartedSystem>
  /** Resolves with the reason when it is gone, wanted or not. */
  readonly exited: Promise<string>
  reload(): Promise<void>
  /** @param id a ULID @returns `undefined` of a system that keeps nothing on disk */
  takeSnapshot(id: string): Promise<SystemSnapshot | undefined>
  removeSnapshot(id: string): Promise<void>
  /** Resolves when everything is flushed and closed. */
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): Promise<void>
}
