import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'

/**
 * What a system package exports as its front door. `cli` knows a system only through this: it parses the flags,
 * puts the system in a worker thread or not, and supervises it.
 */
export interface SystemDefinition {
  /** The package's name: `metrics`, `logs` … */
  readonly name: string
  /** The service name under compose and in `quartet serve`: `prometheus`, `loki` … accepted as an alias of `name`. */
  readonly aliases: readonly string[]
  /** What it stands in for, with version: `Prometheus 3.8.1`. */
  readonly upstream: string
  /** Upstream's flags that are understood, with defaults as text. */
  readonly flags: readonly FlagDefinition[]
  /** Heavy systems run in a worker thread with this heap limit; `undefined`: a light one, which shares a thread with others. */
  readonly heapLimitMb: number | undefined
  /** Builds the rooms top-down and starts listening. Rejects with {@link ConfigError} when a configuration file is wrong. */
  start(options: SystemOptions): Promise<RunningSystem>
  /** Reads the configuration without starting: every finding as `file:line:col: severity: message`. */
  check(options: CheckOptions): Promise<readonly Finding[]>
}

export interface FlagDefinition {
  /** Without dashes: `web.listen-address`. */
  readonly name: string
  readonly kind: 'string' | 'boolean'
  readonly repeatable?: boolean
  /** Placeholders `${data}`, `${stack}` and `${listen}` are filled in by `cli`. */
  readonly default?: string
  readonly help: string
}

export interface SystemOptions {
  /** Upstream's flags after defaults; a repeatable flag is a list. Structured-cloneable. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>
  /** Root of the data directory; a system writes only below the sub-directory that DESIGN.md names. */
  readonly dataDirectory: string
  /** Root of the configuration: the `stack/` folder. */
  readonly stackDirectory: string
  /** Host to bind to when a listen address names only a port. */
  readonly listenHost: string
  readonly clock: Clock
  readonly logger: Logger
}

export type CheckOptions = Pick<SystemOptions, 'flags' | 'stackDirectory' | 'dataDirectory'>

export interface RunningSystem {
  /** Of systems that keep something on disk. */
  readonly snapshots?: SystemSnapshots
  /** What to show a person: name and URL of every port that is served. */
  readonly endpoints: readonly Endpoint[]
  /** Lines to print once at start, such as the generated admin password. */
  readonly notices: readonly string[]
  /** Parses, builds, then swaps; rejects with {@link ConfigError} and keeps the old configuration. */
  reload(): Promise<void>
  /** Stops bottom-up: no new requests, finish or cancel running ones, flush, close. */
  stop(): Promise<void>
}

/** Copies of what a system has on disk, made without stopping it. */
export interface SystemSnapshots {
  /**
   * Everything acknowledged before the call is in it, and it is what `kill -9` would leave at one instant.
   * @param id a ULID
   * @returns the snapshot's directory, absolute; it stays as it is until {@link remove}
   */
  create(id: string): Promise<string>
  /** No error when it is gone already. */
  remove(id: string): Promise<void>
  /** Removes what an earlier process has left. */
  removeLeftovers(): Promise<void>
}

export interface Endpoint {
  readonly name: string
  readonly url: string
}

export interface Finding {
  readonly severity: 'error' | 'warning' | 'info'
  /** `file:line:col` when it has a place. */
  readonly at: string | undefined
  readonly message: string
}

/** A configuration that cannot be used. `problems` holds every finding as `file:line:col: severity: message`. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}
