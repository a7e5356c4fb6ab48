import type { Labels } from '@grafana/data'

/** `{{job}} {{ instance }}` filled from the labels; names without a label are left out. */
export function renderLegend(format: string, labels: Labels): string {
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? '')
}

/** `up{instance="a", job="b"}`, or the expression when there are no labels at all. */
export function seriesName(labels: Labels, expr: string): string {
  const { __name__: metric = '', ...rest } = labels
  const pairs = Object.entries(rest).map(([name, value]) => `${name}="${value}"`)
  if (metric === '' && pairs.length === 0) return expr
  return pairs.length === 0 ? metric : `${metric}{${pairs.join(', ')}}`
}
