import type { Endpoint } from '@quartet/runtime'

/** What a thread is given to start a system. Structured-cloneable. */
export interface SystemStart {
  readonly name: string
  readonly module: string
  readonly args: readonly string[]
  readonly dataDirectory: string
  readonly stackDirectory: string
  readonly listenHost: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

export type ToWorker =
  | { readonly kind: 'ping' }
  | { readonly kind: 'start'; readonly start: SystemStart }
  | { readonly kind: 'reload' | 'stop'; readonly name: string }
  | { readonly kind: 'takeSnapshot' | 'removeSnapshot'; readonly name: string; readonly id: string }

/** `name` is the system's: a thread may run several. */
export type FromWorker =
  | ({ readonly kind: 'started'; readonly name: string } & StartedSystem)
  | ({ readonly kind: 'failed'; readonly name: string } & Failure)
  | { readonly kind: 'pong' }
  | { readonly kind: 'reloaded' | 'stopped'; readonly name: string; readonly failure: Failure | undefined }
  | ({ readonly kind: 'snapshotTaken'; readonly name: string; readonly id: string } & SnapshotAnswer)
  | {
      readonly kind: 'snapshotRemoved'
      readonly name: string
      readonly id: string
      readonly failure: Failure | undefined
    }

export interface SnapshotAnswer {
  /** `undefined` of a system that keeps nothing on disk, and after a failure. */
  readonly snapshot: SystemSnapshot | undefined
  readonly failure: Failure | undefined
}

export interface SystemSnapshot {
  readonly directory: string
  /** What the system stands in for, with version. */
  readonly upstream: string
}

export interface StartedSystem {
  readonly endpoints: readonly Endpoint[]
  readonly notices: readonly string[]
}

/** An error that went through a thread boundary. */
export interface Failure {
  /** `told`: the lines are all a person needs. `bug`: they come with a stack. */
  readonly severity: 'told' | 'bug'
  readonly lines: readonly string[]
  readonly stack: string | undefined
  /** The system's flag that the lines speak of, without its prefix. */
  readonly flag?: string
}

const TOLD = new Set(['ConfigError', 'UsageError', 'PortTakenError'])

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { severity: 'bug', lines: [String(error)], stack: undefined }
  const lines = 'problems' in error && Array.isArray(error.problems) ? error.problems.map(String) : [error.message]
  const flag = 'flag' in error && typeof error.flag === 'string' ? { flag: error.flag } : {}
  return { severity: TOLD.has(error.name) ? 'told' : 'bug', lines, stack: error.stack, ...flag }
}

/** The other side of {@link toFailure}. */
export class SystemFailure extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.lines.join('\n'))
    this.name = 'SystemFailure'
    this.failure = failure
  }
}
