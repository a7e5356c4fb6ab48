import { escapeName, formatFamily, parseFamilies, writeDelimitedFamilies } from '@quartet/model'
import type { FamilyMetric, MetricFamily, NameEscaping } from '@quartet/model'
import { checkFamily, InconsistentError } from '../storage/consistency.ts'
import { sortLabels } from '../storage/metric-group.ts'

export interface Exposition {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array
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
  if (wantsProtobuf(options.accept)) {
    const body = writeDelimitedFamilies(families.map((family) => withEscapedNames(family, escaping))).toBytes()
    return { status: 200, contentType: `${PROTOBUF}; escaping=${escaping}`, body }
  }
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
    family.metrics.sort(compareMetrics)
  }
  return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Fewer labels first, then by their values. Source: client_golang, `internal.MetricSorter`. */
function compareMetrics(a: FamilyMetric, b: FamilyMetric): number {
  if (a.labels.length !== b.labels.length) return a.labels.length - b.labels.length
  for (const [index, { value }] of a.labels.entries()) {
    const other = b.labels[index]!.value
    if (value !== other) return value < other ? -1 : 1
  }
  return 0
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

const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

/** Whether protobuf is named before the text format, as `scrape_protocols` of Prometheus orders them. */
export function wantsProtobuf(accept: string | undefined): boolean {
  const offers = (accept ?? '').split(',').map((part, index) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().replaceAll('"', ''))
    const q = Number(parameters.find((text) => text.startsWith('q='))?.slice(2) ?? 1)
    const isProtobuf =
      type === 'application/vnd.google.protobuf' &&
      parameters.includes('proto=io.prometheus.client.MetricFamily') &&
      parameters.includes('encoding=delimited')
    const isText = type === 'text/plain' && !parameters.some((text) => /^version=(?!0\.0\.4$)/.test(text))
    return { q, index, isProtobuf, isText }
  })
  const known = offers.filter(({ isProtobuf, isText, q }) => q > 0 && (isProtobuf || isText))
  return known.sort((a, b) => b.q - a.q || a.index - b.index)[0]?.isProtobuf ?? false
}

function withEscapedNames(family: MetricFamily, escaping: NameEscaping): MetricFamily {
  const metrics = family.metrics.map((metric) => ({
    ...metric,
    labels: metric.labels.map(({ name, value }) => ({ name: escapeName(name, escaping), value })),
  }))
  return { ...family, name: escapeName(family.name, escaping), metrics }
}

const ESCAPINGS: readonly NameEscaping[] = ['allow-utf-8', 'underscores', 'dots', 'values']

/** Clients that do not say that they know UTF-8 names get underscores. */
export function negotiateEscaping(accept: string | undefined): NameEscaping {
  const wanted = /;\s*escaping\s*=\s*"?([a-z0-9-]+)/i.exec(accept ?? '')?.[1]?.toLowerCase()
  return ESCAPINGS.find((escaping) => escaping === wanted) ?? 'underscores'
}
