import { formatFamily, parseFamilies } from '@quartet/model'
import type { FamilyMetric, MetricFamily, NameEscaping } from '@quartet/model'
import { checkFamily, InconsistentError, seriesSignature } from '../storage/consistency.ts'
import { sortLabels } from '../storage/metric-group.ts'

export interface Exposition {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** The page that is scraped: what was pushed and what the Pushgateway says of itself, by name and then by labels. */
export function expose(options: {
  /** Pushed families, sorted by name. */
  readonly pushed: readonly MetricFamily[]
  /** The Pushgateway's own metrics as text. */
  readonly own: string
  readonly accept: string | undefined
  /** Whether pushes may contradict each other because nobody checked them. */
  readonly isUnchecked: boolean
}): Exposition {
  const families = merge(options.pushed, parseFamilies(Buffer.from(options.own)).values())
  const problem = options.isUnchecked ? firstProblem(families) : undefined
  if (problem !== undefined) {
    const body = `An error has occurred while serving metrics:\n\n${problem}\n`
    return { status: 500, contentType: 'text/plain; charset=utf-8', body }
  }
  const escaping = negotiateEscaping(options.accept)
  const body = families.map((family) => formatFamily(family, escaping)).join('')
  return { status: 200, contentType: `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}`, body }
}

function merge(pushed: Iterable<MetricFamily>, own: Iterable<MetricFamily>): MetricFamily[] {
  const merged = new Map<string, MetricFamily>()
  for (const families of [own, pushed]) {
    for (const family of families) {
      const known = merged.get(family.name)
      const metrics = [...(known?.metrics ?? []), ...family.metrics.map(withSortedLabels)]
      merged.set(family.name, { ...(known ?? family), metrics })
    }
  }
  for (const family of merged.values()) {
    const keyed = family.metrics.map((metric) => ({ metric, key: seriesSignature(metric) }))
    family.metrics = keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ metric }) => metric)
  }
  return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function withSortedLabels(metric: FamilyMetric): FamilyMetric {
  return { ...metric, labels: sortLabels(metric.labels) }
}

function firstProblem(families: readonly MetricFamily[]): string | undefined {
  const types = new Map(families.map(({ name, type }) => [name, type]))
  try {
    for (const family of families) checkFamily(family, { typeOf: (name) => types.get(name), has: () => false })
    return undefined
  } catch (error) {
    if (error instanceof InconsistentError) return error.message
    throw error
  }
}

const ESCAPINGS: readonly NameEscaping[] = ['allow-utf-8', 'underscores', 'dots', 'values']

/** Clients that do not say that they know UTF-8 names get underscores. */
export function negotiateEscaping(accept: string | undefined): NameEscaping {
  const wanted = /;\s*escaping\s*=\s*"?([a-z0-9-]+)/i.exec(accept ?? '')?.[1]?.toLowerCase()
  return ESCAPINGS.find((escaping) => escaping === wanted) ?? 'underscores'
}
