import { defined, number, records, text, type Json } from './json.ts'
import type { MigratedPanel } from './migrated-panel.ts'

const transforms: Readonly<Record<string, (panel: Json) => Json[]>> = {
  timeseries_to_rows: () => [{ id: 'seriesToRows', options: {} }],
  timeseries_to_columns: () => [{ id: 'joinByField', options: { byField: 'Time', mode: 'outer' } }],
  timeseries_aggregations: (panel) => [
    {
      id: 'reduce',
      options: {
        reducers: records(panel['columns']).map(({ value }) => reducerOf(String(value))),
        includeTimeField: false,
      },
    },
  ],
  table: () => [{ id: 'merge', options: { reducers: [] } }],
}

/** The Angular table (`table-old`, or `table` with `styles`), as today's `table`. */
export function migrateOldTable(panel: Json): MigratedPanel {
  const styles = records(panel['styles'])
  const all = styles.find(({ pattern }) => pattern === '/.*/')
  const transform = transforms[String(panel['transform'])]?.(panel) ?? []
  return {
    type: 'table',
    options: { showHeader: panel['showHeader'] !== false, sortBy: sortOf(panel, styles) },
    fieldConfig: {
      defaults: defined({ ...defaultsOf(all), custom: { align: 'auto', cellOptions: cellOf(all) } }),
      overrides: styles
        .filter((style) => style !== all)
        .map(overrideOf)
        .filter(({ properties }) => properties.length > 0),
    },
    transformations: transform,
  }
}

function defaultsOf(style: Json | undefined): Json {
  if (!style) return {}
  return { unit: text(style['unit']), decimals: number(style['decimals']), thresholds: thresholdsOf(style) }
}

function overrideOf(style: Json) {
  const pattern = text(style['pattern']) ?? ''
  const isRegex = pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/')
  const properties: { id: string; value: unknown }[] = []
  const add = (id: string, value: unknown): void => {
    if (value !== undefined) properties.push({ id, value })
  }
  add('displayName', text(style['alias']))
  if (style['type'] === 'hidden') add('custom.hidden', true)
  if (style['type'] === 'date') add('unit', `time: ${text(style['dateFormat']) ?? 'YYYY-MM-DD HH:mm:ss'}`)
  if (style['type'] === 'number') {
    add('unit', text(style['unit']))
    add('decimals', number(style['decimals']))
    const thresholds = thresholdsOf(style)
    add('thresholds', thresholds)
    if (thresholds && style['colorMode']) add('custom.cellOptions', cellOf(style))
  }
  if (style['link'] === true && text(style['linkUrl'])) {
    const targetBlank = style['linkTargetBlank'] === true
    add('links', [{ title: text(style['linkTooltip']) ?? '', url: linkUrl(String(style['linkUrl'])), targetBlank }])
  }
  if (style['align'] && style['align'] !== 'auto') add('custom.align', style['align'])
  return { matcher: { id: isRegex ? 'byRegexp' : 'byName', options: pattern }, properties }
}

/** `$__cell` and `$__cell_3` of old links. */
function linkUrl(url: string): string {
  return url
    .replaceAll(/\$\{?__cell_(\d+)(?::raw)?\}?/g, (_, index: string) => `\${__data.fields[${index}]}`)
    .replaceAll(/\$\{?__cell(?::raw)?\}?(?![\w])/g, '${__value.text}')
}

function cellOf(style: Json | undefined): Json {
  if (style?.['colorMode'] === 'cell' || style?.['colorMode'] === 'row')
    return { type: 'color-background', applyToRow: style['colorMode'] === 'row' }
  return style?.['colorMode'] === 'value' ? { type: 'color-text' } : { type: 'auto' }
}

function thresholdsOf(style: Json): Json | undefined {
  const limits = (Array.isArray(style['thresholds']) ? style['thresholds'] : []).flatMap((limit) => number(limit) ?? [])
  const colors = Array.isArray(style['colors']) ? style['colors'].map(String) : []
  if (limits.length === 0 || colors.length === 0) return undefined
  return {
    mode: 'absolute',
    steps: [null, ...limits].map((value, index) => ({ value, color: colors[index] ?? colors.at(-1) })),
  }
}

function sortOf(panel: Json, styles: readonly Json[]): Json[] {
  const { col, desc } = (panel['sort'] ?? {}) as { col?: unknown; desc?: unknown }
  const column = number(col)
  const name =
    column === undefined
      ? undefined
      : (text(records(panel['columns'])[column]?.['text']) ?? text(styles[column]?.['alias']))
  return name === undefined ? [] : [{ displayName: name, desc: desc === true }]
}

function reducerOf(name: string): string {
  return { avg: 'mean', total: 'sum', current: 'lastNotNull' }[name] ?? name
}
