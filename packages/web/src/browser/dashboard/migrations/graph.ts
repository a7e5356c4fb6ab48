import { defined, number, record, records, text, type Json } from './json.ts'
import type { MigratedPanel } from './migrated-panel.ts'

type Override = { matcher: { id: string; options?: unknown }; properties: { id: string; value?: unknown }[] }

/** `graph`, removed from Grafana in version 11, as `timeseries`. */
export function migrateGraph(panel: Json): MigratedPanel {
  const [left, right] = records(panel['yaxes'])
  const legend = record(panel['legend'])
  const tooltip = record(panel['tooltip'])
  const thresholds = thresholdsOf(records(panel['thresholds']))
  const isHistogram = record(panel['xaxis'])['mode'] === 'histogram'
  return {
    type: isHistogram ? 'histogram' : 'timeseries',
    options: {
      legend: {
        showLegend: legend['show'] !== false,
        displayMode: legend['alignAsTable'] === true ? 'table' : 'list',
        placement: legend['rightSide'] === true ? 'right' : 'bottom',
        calcs: legend['values'] === true ? legendCalcs(legend) : [],
      },
      tooltip: {
        mode: tooltip['shared'] === false ? 'single' : 'multi',
        sort: { 1: 'asc', 2: 'desc' }[Number(tooltip['sort'])] ?? 'none',
      },
    },
    fieldConfig: {
      defaults: defined({
        unit: text(left?.['format']),
        decimals: number(left?.['decimals'] ?? panel['decimals']),
        min: number(left?.['min']),
        max: number(left?.['max']),
        color: { mode: 'palette-classic' },
        custom: defined({ ...drawing(panel), ...axis(left), ...thresholds?.custom }),
        thresholds: thresholds?.thresholds,
        links: records(record(panel['options'])['dataLinks']),
      }),
      overrides: [
        ...aliasColors(record(panel['aliasColors'])),
        ...records(panel['seriesOverrides']).flatMap((override) => seriesOverride(override, right)),
      ],
    },
  }
}

function drawing(panel: Json): Json {
  const isBars = panel['bars'] === true
  const hasLines = panel['lines'] !== false
  const fill = number(panel['fill']) ?? 1
  const isPercent = panel['percentage'] === true
  return {
    drawStyle: isBars ? 'bars' : hasLines ? 'line' : 'points',
    lineWidth: hasLines || isBars ? (number(panel['linewidth']) ?? 1) : 0,
    fillOpacity: isBars ? 100 : fill * 10,
    gradientMode: (number(panel['fillGradient']) ?? 0) > 0 ? 'opacity' : 'none',
    lineInterpolation: panel['steppedLine'] === true ? 'stepAfter' : 'linear',
    lineStyle: panel['dashes'] === true ? dashStyle(panel) : undefined,
    showPoints: panel['points'] === true ? 'always' : 'never',
    pointSize: panel['points'] === true ? 2 * (number(panel['pointradius']) ?? 2) + 1 : undefined,
    spanNulls: panel['nullPointMode'] === 'connected',
    stacking: { mode: panel['stack'] === true ? (isPercent ? 'percent' : 'normal') : 'none', group: 'A' },
  }
}

function dashStyle(from: Json): Json {
  return { fill: 'dash', dash: [number(from['dashLength']) ?? 10, number(from['spaceLength']) ?? 10] }
}

function axis(side: Json | undefined): Json {
  if (!side) return {}
  const logBase = number(side['logBase']) ?? 1
  return {
    axisLabel: text(side['label']),
    axisPlacement: side['show'] === false ? 'hidden' : undefined,
    scaleDistribution: logBase > 1 ? { type: 'log', log: logBase } : undefined,
  }
}

const legendNames: Readonly<Record<string, string>> = {
  min: 'min',
  max: 'max',
  avg: 'mean',
  current: 'lastNotNull',
  total: 'sum',
}

function legendCalcs(legend: Json): string[] {
  return Object.entries(legendNames).flatMap(([name, calc]) => (legend[name] === true ? [calc] : []))
}

const thresholdColors: Readonly<Record<string, string>> = { critical: 'red', warning: 'orange', ok: 'green' }

function thresholdsOf(thresholds: readonly Json[]): { thresholds: Json; custom: Json } | undefined {
  if (thresholds.length === 0) return undefined
  const sorted = thresholds.toSorted((a, b) => (number(a['value']) ?? 0) - (number(b['value']) ?? 0))
  const steps: Json[] = []
  for (const threshold of sorted) {
    const color =
      text(threshold['fillColor']) ??
      text(threshold['lineColor']) ??
      thresholdColors[String(threshold['colorMode'])] ??
      'red'
    const value = number(threshold['value']) ?? 0
    if (threshold['op'] === 'lt') {
      // Below the value is bad: the colour stands for the part up to it.
      if (steps.length === 0) steps.push({ color, value: null })
      steps.push({ color: 'transparent', value })
    } else {
      if (steps.length === 0) steps.push({ color: 'transparent', value: null })
      steps.push({ color, value })
    }
  }
  const hasFill = sorted.some((threshold) => threshold['fill'] !== false)
  const hasLine = sorted.some((threshold) => threshold['line'] === true)
  const mode = hasFill ? (hasLine ? 'line+area' : 'area') : hasLine ? 'line' : 'off'
  return { thresholds: { mode: 'absolute', steps }, custom: { thresholdsStyle: { mode } } }
}

function aliasColors(colors: Json): Override[] {
  return Object.entries(colors).map(([name, color]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
  }))
}

/** A series override names its series by `alias`, `/regex/` included. Those that nothing stands for are left out. */
function seriesOverride(override: Json, rightAxis: Json | undefined): Override[] {
  const alias = text(override['alias'])
  if (alias === undefined) return []
  const isRegex = alias.length > 1 && alias.startsWith('/') && alias.endsWith('/')
  const properties: { id: string; value?: unknown }[] = []
  const set = (id: string, value: unknown): void => void properties.push({ id, value })
  for (const [name, value] of Object.entries(override)) {
    switch (name) {
      case 'color':
        set('color', { mode: 'fixed', fixedColor: value })
        break
      case 'fill':
        set('custom.fillOpacity', (number(value) ?? 0) * 10)
        break
      case 'linewidth':
        set('custom.lineWidth', number(value) ?? 1)
        break
      case 'lines':
        set('custom.lineWidth', value === true ? (number(override['linewidth']) ?? 1) : 0)
        break
      case 'bars':
        if (value === true) set('custom.drawStyle', 'bars')
        break
      case 'points':
        set('custom.showPoints', value === true ? 'always' : 'never')
        break
      case 'pointradius':
        set('custom.pointSize', 2 * (number(value) ?? 2) + 1)
        break
      case 'steppedLine':
        set('custom.lineInterpolation', value === true ? 'stepAfter' : 'linear')
        break
      case 'dashes':
        set('custom.lineStyle', value === true ? dashStyle(override) : { fill: 'solid' })
        break
      case 'stack':
        set('custom.stacking', {
          mode: value === false ? 'none' : 'normal',
          group: typeof value === 'string' ? value : 'A',
        })
        break
      case 'transform':
        set('custom.transform', value === 'negative-Y' ? 'negative-Y' : undefined)
        break
      case 'fillBelowTo':
        set('custom.fillBelowTo', value)
        break
      case 'legend':
        if (value === false) set('custom.hideFrom', { legend: true, tooltip: false, viz: false })
        break
      case 'hiddenSeries':
        if (value === true) set('custom.hideFrom', { legend: false, tooltip: false, viz: true })
        break
      case 'yaxis':
        if (value === 2) properties.push(...rightAxisProperties(rightAxis))
        break
    }
  }
  if (properties.length === 0) return []
  return [{ matcher: { id: isRegex ? 'byRegexp' : 'byName', options: alias }, properties }]
}

function rightAxisProperties(rightAxis: Json | undefined): { id: string; value?: unknown }[] {
  const properties: { id: string; value?: unknown }[] = [{ id: 'custom.axisPlacement', value: 'right' }]
  const add = (id: string, value: unknown): void => {
    if (value !== undefined) properties.push({ id, value })
  }
  add('unit', text(rightAxis?.['format']))
  add('min', number(rightAxis?.['min']))
  add('max', number(rightAxis?.['max']))
  add('custom.axisLabel', text(rightAxis?.['label']))
  return properties
}
