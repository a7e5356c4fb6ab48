import type { HostFiles } from './host-files.ts'
import type { MetricPage } from './metric-page.ts'

/** What decides on names: a user's regular expression or one of ours. */
export interface Pattern {
  test(text: string): boolean
}

export interface CollectorContext {
  readonly files: HostFiles
  readonly page: MetricPage
  readonly nowMs: () => number
  /** Upstream's `--collector.<name>.<option>` flags, without `collector.`. */
  readonly option: (name: string) => string | undefined
  /** The same, as a regular expression in Go's syntax. */
  readonly pattern: (name: string) => Pattern | undefined
  /** Tells once per scrape what could not be read, without failing the collector. */
  readonly warn: (message: string) => void
}

/** One subject of `/metrics`: reads files when it is scraped, keeps nothing. */
export interface Collector {
  /** Upstream's, as in `--collector.<name>`. */
  readonly name: string
  readonly isOnByDefault: boolean
  /** @throws NoDataError when the machine has nothing of the kind */
  collect(context: CollectorContext): void | Promise<void>
}
