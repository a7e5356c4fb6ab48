import type { FamilyLabel, FamilyMetric, MetricFamily } from '../metric/family.ts'
import { escapeName } from './family-names.ts'
import type { NameEscaping } from './family-names.ts'
import { formatGoFloat } from './go-float.ts'

const LEGACY_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** One family in the text format 0.0.4; nothing when it has no metrics. Names that need it are quoted. */
export function formatFamily(family: MetricFamily, escaping: NameEscaping = 'allow-utf-8'): string {
  if (family.metrics.length === 0) return ''
  const name = escapeName(family.name, escaping)
  const shown = LEGACY_NAME.test(name) ? name : `"${escapeQuoted(name)}"`
  const help = family.help === undefined ? '' : `# HELP ${shown} ${escapeHelp(family.help)}\n`
  const type = family.type === 'GAUGE_HISTOGRAM' ? 'histogram' : family.type.toLowerCase()
  let text = `${help}# TYPE ${shown} ${type}\n`
  for (const metric of family.metrics) text += formatMetric(name, metric, escaping)
  return text
}

function formatMetric(name: string, metric: FamilyMetric, escaping: NameEscaping): string {
  const { labels, timestampMs, value } = metric
  const end = timestampMs === undefined ? '\n' : ` ${timestampMs}\n`
  const line = (suffix: string, number: string, extra?: FamilyLabel): string =>
    `${seriesText(name + suffix, labels, extra, escaping)} ${number}${end}`
  switch (value.kind) {
    case 'counter':
    case 'gauge':
    case 'untyped':
      return line('', formatGoFloat(value.value))
    case 'summary': {
      const quantiles = value.quantiles.map(({ quantile, value: at }) =>
        line('', formatGoFloat(at), { name: 'quantile', value: formatGoFloat(quantile) }),
      )
      return quantiles.join('') + line('_sum', formatGoFloat(value.sum)) + line('_count', formatGoFloat(value.count))
    }
    case 'histogram': {
      const { buckets, count, sum } = value
      const all = buckets.some(({ upperBound }) => upperBound === Infinity)
        ? buckets
        : [...buckets, { upperBound: Infinity, count }]
      const lines = all.map((bucket) =>
        line('_bucket', formatGoFloat(bucket.count), { name: 'le', value: formatGoFloat(bucket.upperBound) }),
      )
      return lines.join('') + line('_sum', formatGoFloat(sum)) + line('_count', formatGoFloat(count))
    }
  }
}

function seriesText(
  name: string,
  labels: readonly FamilyLabel[],
  extra: FamilyLabel | undefined,
  escaping: NameEscaping,
): string {
  const isLegacy = LEGACY_NAME.test(name)
  const parts = isLegacy ? [] : [`"${escapeQuoted(name)}"`]
  for (const label of labels) parts.push(labelText(label, escaping))
  if (extra) parts.push(labelText(extra, escaping))
  return (isLegacy ? name : '') + (parts.length > 0 ? `{${parts.join(',')}}` : '')
}

function labelText({ name, value }: FamilyLabel, escaping: NameEscaping): string {
  const escaped = escapeName(name, escaping)
  const shown = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(escaped) ? escaped : `"${escapeQuoted(escaped)}"`
  return `${shown}="${escapeQuoted(value)}"`
}

const QUOTED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

function escapeQuoted(text: string): string {
  return /[\\\n"]/.test(text) ? text.replace(/[\\\n"]/g, (char) => QUOTED[char]!) : text
}

function escapeHelp(text: string): string {
  return /[\\\n]/.test(text) ? text.replace(/[\\\n]/g, (char) => QUOTED[char]!) : text
}
