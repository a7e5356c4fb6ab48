import { ConfigError, loadYaml } from '@quartet/runtime'
import { quoteGo } from '@quartet/query'
import { dirname, resolve } from 'node:path'
import { listOf, section } from './fields.ts'
import { filesOf } from './file-patterns.ts'
import type { GlobalSection } from './global-section.ts'
import { effectiveScrape, scrapeProblems, scrapeSection } from './scrape-section.ts'
import type { ScrapeSection } from './scrape-section.ts'

const schema = section('config.ScrapeConfigs', { scrape_configs: listOf(scrapeSection).default([]) })

/** A job of a file of its own. */
export interface FileJob {
  readonly job: ScrapeSection
  /** The job as it was written. */
  readonly written: ScrapeSection
  readonly directory: string
  readonly at: (key: string) => string
}

/**
 * Reads what `scrape_config_files` names. They are read again at every reload.
 * @param taken names of the main file's jobs
 * @throws ConfigError with the problems of all files
 */
export async function loadScrapeConfigFiles(options: {
  readonly patterns: readonly string[]
  readonly directory: string
  readonly global: GlobalSection
  readonly taken: readonly string[]
}): Promise<FileJob[]> {
  const jobs: FileJob[] = []
  const problems: string[] = []
  const firstSeen = new Map(options.taken.map((name) => [name, 'main config file']))
  for (const pattern of options.patterns) {
    for (const path of await filesOf(resolve(options.directory, pattern))) {
      try {
        const { value, at } = await loadYaml({ path, schema })
        for (const [index, written] of value.scrape_configs.entries()) {
          const place = at(['scrape_configs', index])
          problems.push(...scrapeProblems(written, options.global).map((message) => `${place}: error: ${message}`))
          const first = firstSeen.get(written.job_name)
          if (first !== undefined) {
            const name = quoteGo(written.job_name)
            const text = `found multiple scrape configs with job name ${name}, first found in ${first}`
            problems.push(`${at(['scrape_configs', index, 'job_name'])}: error: ${text}`)
          }
          firstSeen.set(written.job_name, quoteGo(path))
          const job = effectiveScrape(written, options.global)
          jobs.push({ job, written, directory: dirname(path), at: (key) => at(['scrape_configs', index, key]) })
        }
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        problems.push(...error.problems)
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return jobs
}
