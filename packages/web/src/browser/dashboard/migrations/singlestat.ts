import { defined, number, record, records, text, type Json } from './json.ts'
import type { MigratedPanel } from './migrated-panel.ts'

const calcs: Readonly<Record<string, string>> = {
  avg: 'mean',
  current: 'lastNotNull',
  total: 'sum',
  first: 'firstNotNull',
  min: 'min',
  max: 'max',
  delta: 'delta',
  diff: 'diff',
  range: 'range',
}

/** `singlestat`, removed from Grafana in version 8, as `stat`, or as `gauge` when it showed one. */
export function migrateSingleStat(panel: Json): MigratedPanel {
  const gauge = record(panel['gauge'])
  const isGauge = gauge['show'] === true
  const valueName = text(panel['valueName']) ?? 'avg'
  const colorsBackground = panel['colorBackground'] === true
  const colorsValue = panel['colorValue'] === true || isGauge
  const reduceOptions = { calcs: [calcs[valueName] ?? 'lastNotNull'], fields: '', values: false }
  const shared = { reduceOptions, orientation: 'horizontal' }
  return {
    type: isGauge ? 'gauge' : 'stat',
    options: isGauge
      ? {
          ...shared,
          showThresholdMarkers: gauge['thresholdMarkers'] !== false,
          showThresholdLabels: gauge['thresholdLabels'] === true,
        }
      : {
          ...shared,
          colorMode: colorsBackground ? 'background' : colorsValue ? 'value' : 'none',
          graphMode: record(panel['sparkline'])['show'] === true ? 'area' : 'none',
          textMode: valueName === 'name' ? 'name' : 'auto',
          justifyMode: 'auto',
        },
    fieldConfig: {
      defaults: defined({
        unit: text(panel['format']),
        decimals: number(panel['decimals']),
        min: isGauge ? number(gauge['minValue']) : undefined,
        max: isGauge ? number(gauge['maxValue']) : undefined,
        noValue: text(panel['nullText']),
        color: colorsBackground || colorsValue ? { mode: 'thresholds' } : { mode: 'fixed', fixedColor: 'text' },
        thresholds: thresholdsOf(panel),
        mappings: mappingsOf(panel),
      }),
      overrides: [],
    },
  }
}

/** `"50,80"` with three colours: below, between, above. */
function thresholdsOf(panel: Json): Json | undefined {
  const limits = (text(panel['thresholds']) ?? '').split(',').flatMap((limit) => number(limit.trim()) ?? [])
  const colors = Array.isArray(panel['colors']) ? panel['colors'].map(String) : ['green', 'orange', 'red']
  if (limits.length === 0) return undefined
  const steps = [null, ...limits].map((value, index) => ({ value, color: colors[index] ?? colors.at(-1) ?? 'green' }))
  return { mode: 'absolute', steps }
}

function mappingsOf(panel: Json): Json[] {
  const values = records(panel['valueMaps']).map(({ value, text: shown }, index): Json =>
    value === 'null'
      ? { type: 'special', options: { match: 'null', result: { text: shown, index } } }
      : { type: 'value', options: { [String(value)]: { text: shown, index } } },
  )
  const ranges = records(panel['rangeMaps']).map(({ from, to, text: shown }, index) => ({
    type: 'range',
    options: {
      from: number(from) ?? null,
      to: number(to) ?? null,
      result: { text: shown, index: values.length + index },
    },
  }))
  return panel['mappingType'] === 2 ? ranges : values
}
