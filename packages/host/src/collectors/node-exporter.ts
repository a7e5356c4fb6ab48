import type { Logger } from '@quartet/runtime'
import { compileRegex } from '@quartet/query'
import type { Collector, Pattern } from './collector.ts'
import { NoDataError } from './host-files.ts'
import type { HostFiles } from './host-files.ts'
import { MetricPage } from './metric-page.ts'

export interface NodeExporterOptions {
  readonly files: HostFiles
  readonly collectors: readonly Collector[]
  readonly option: (name: string) => string | undefined
  readonly logger: Logger
  readonly nowMs: () => number
  readonly monotonicMs: () => number
}

/** Runs the collectors for one scrape after the other; nothing happens in between. */
export class NodeExporter {
  readonly #options: NodeExporterOptions
  /** What each collector has last complained about: told again only when it changes. */
  readonly #complaints = new Map<string, string>()

  /** Of the flags, which are few. */
  readonly #patterns = new Map<string, Pattern>()

  constructor(options: NodeExporterOptions) {
    this.#options = options
  }

  get names(): readonly string[] {
    return this.#options.collectors.map(({ name }) => name)
  }

  /** @param only names of collectors; all when it is empty */
  async scrape(only: readonly string[] = [], except: readonly string[] = []): Promise<MetricPage> {
    const page = new MetricPage()
    for (const collector of this.#options.collectors) {
      if ((only.length > 0 && !only.includes(collector.name)) || except.includes(collector.name)) continue
      await this.#run(collector, page)
    }
    return page
  }

  #pattern(name: string): Pattern | undefined {
    const text = this.#options.option(name)
    if (text === undefined || text === '') return undefined
    let pattern = this.#patterns.get(text)
    if (!pattern) this.#patterns.set(text, (pattern = compileRegex(text)))
    return pattern
  }

  async #run(collector: Collector, page: MetricPage): Promise<void> {
    const { files, logger, monotonicMs, nowMs, option } = this.#options
    const { name } = collector
    const startMs = monotonicMs()
    const complaints: string[] = []
    let isSuccess = true
    // A collector that fails half-way leaves nothing behind.
    const own = new MetricPage()
    try {
      await collector.collect({
        files,
        page: own,
        nowMs,
        option,
        pattern: (each) => this.#pattern(each),
        warn: (message) => complaints.push(message),
      })
      for (const family of own.families.values()) page.addFamily(family)
    } catch (error) {
      isSuccess = false
      complaints.push(error instanceof NoDataError ? error.message : String(error))
    }
    const text = complaints.join('; ')
    if (text !== '' && text !== this.#complaints.get(name)) {
      const fields = { collector: name, problem: text }
      if (isSuccess) logger.warn(fields, 'a collector could not read everything')
      else logger.info(fields, 'a collector has nothing to tell on this machine')
    }
    this.#complaints.set(name, text)
    const seconds = (monotonicMs() - startMs) / 1000
    const help = 'node_exporter: Duration of a collector scrape.'
    page.gauge('node_scrape_collector_duration_seconds', help, seconds, { collector: name })
    const successHelp = 'node_exporter: Whether a collector succeeded.'
    page.gauge('node_scrape_collector_success', successHelp, isSuccess ? 1 : 0, { collector: name })
  }
}
