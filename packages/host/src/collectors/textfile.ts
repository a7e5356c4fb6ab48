import { FamilyTextError, parseFamilies } from '@quartet/model'
import type { MetricFamily } from '@quartet/model'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Collector, CollectorContext } from './collector.ts'

const MTIME_HELP = 'Unixtime mtime of textfiles successfully read.'
const ERROR_HELP = '1 if there was an error opening or reading a file, 0 otherwise'

/** Metrics that others leave in `*.prom` files of a directory. */
export const textfile: Collector = {
  name: 'textfile',
  isOnByDefault: true,
  collect(context) {
    const { option, page, warn } = context
    const merged = new Map<string, { family: MetricFamily; paths: string[] }>()
    let hasError = false
    for (const pattern of (option('textfile.directory') ?? '').split(',').filter((each) => each !== '')) {
      const directories = /[*?[]/.test(pattern) ? globSync(pattern).sort() : [pattern]
      if (!directories.every((directory) => readDirectory(context, directory, merged))) hasError = true
    }
    for (const { family, paths } of merged.values()) {
      page.addFamily(withAllLabels({ ...family, help: family.help ?? `Metric read from ${paths.sort().join(', ')}` }))
    }
    if (hasError) warn('some text files could not be read; see node_textfile_scrape_error')
    page.gauge('node_textfile_scrape_error', ERROR_HELP, hasError ? 1 : 0)
  },
}

/** @returns whether everything could be read */
function readDirectory(
  { page, warn }: CollectorContext,
  directory: string,
  merged: Map<string, { family: MetricFamily; paths: string[] }>,
): boolean {
  let isGood = true
  const fail = (path: string, problem: string): void => {
    isGood = false
    warn(`textfile ${path}: ${problem}`)
  }
  let names: string[]
  try {
    names = globSync('*.prom', { cwd: directory }).sort()
    statSync(directory)
  } catch (error) {
    fail(directory, String(error))
    return isGood
  }
  for (const name of names) {
    const path = join(directory, name)
    try {
      const families = parseFamilies(readFileSync(path))
      const modified = statSync(path).mtimeMs
      if ([...families.values()].some(({ metrics }) => metrics.some(({ timestampMs }) => timestampMs !== undefined))) {
        fail(path, 'unsupported client-side timestamps')
        continue
      }
      for (const family of families.values()) {
        const problem = merge(merged, family, path)
        if (problem) fail(path, problem)
      }
      page.gauge('node_textfile_mtime_seconds', MTIME_HELP, Math.floor(modified) / 1000, { file: path })
    } catch (error) {
      fail(path, error instanceof FamilyTextError ? error.message : String(error))
    }
  }
  return isGood
}

function merge(
  merged: Map<string, { family: MetricFamily; paths: string[] }>,
  family: MetricFamily,
  path: string,
): string | undefined {
  const known = merged.get(family.name)
  if (!known) {
    merged.set(family.name, { family, paths: [path] })
    return undefined
  }
  if (known.family.help !== undefined && family.help !== undefined && known.family.help !== family.help) {
    return `inconsistent help of ${family.name}`
  }
  if (known.family.type !== family.type) return `inconsistent type of ${family.name}`
  known.family.metrics.push(...family.metrics)
  known.family.help ??= family.help
  known.paths.push(path)
  return undefined
}

/** Metrics of one family have the same labels in Go: absent ones are empty. */
function withAllLabels(family: MetricFamily): MetricFamily {
  const names = [...new Set(family.metrics.flatMap(({ labels }) => labels.map(({ name }) => name)))].sort()
  const metrics = family.metrics.map((metric) => ({
    ...metric,
    labels: names.map((name) => ({ name, value: metric.labels.find((label) => label.name === name)?.value ?? '' })),
  }))
  return { ...family, metrics }
}
