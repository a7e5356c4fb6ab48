import {
  FieldColorModeId,
  formattedValueToString,
  getActiveThreshold,
  type Field,
  type GrafanaTheme2,
  type Threshold,
} from '@grafana/data'

export interface Appearance {
  readonly text: string
  readonly color: string
}

/** A number coloured by thresholds stands for the whole stretch between two of them. */
export function appearanceOf(field: Field, value: unknown, theme: GrafanaTheme2): Appearance {
  const shown = field.display?.(value)
  const color = shown?.color ?? theme.colors.text.disabled
  const bounds = thresholdsOf(field)
  if (!bounds || typeof value !== 'number' || isMapped(field, value)) {
    return { text: shown ? formattedValueToString(shown) : String(value), color }
  }
  return { text: boundsText(field, bounds, value), color }
}

/** What makes two values look the same. */
export function appearanceKey(field: Field, value: unknown): unknown {
  const bounds = thresholdsOf(field)
  if (!bounds || typeof value !== 'number' || isMapped(field, value)) return value
  return getActiveThreshold(value, bounds)
}

/** What the colours mean, each once. */
export function legendOf(fields: readonly Field[], theme: GrafanaTheme2): Appearance[] {
  const seen = new Map<string, Appearance>()
  for (const field of fields) {
    for (const value of new Set(field.values as unknown[])) {
      if (value === null || value === undefined) continue
      const appearance = appearanceOf(field, value, theme)
      seen.set(`${appearance.text}\n${appearance.color}`, appearance)
      // A scale of colours would need a line for every number.
      if (seen.size > 20) return []
    }
  }
  return [...seen.values()]
}

function thresholdsOf(field: Field): Threshold[] | undefined {
  if (field.config.color?.mode !== FieldColorModeId.Thresholds) return undefined
  const { thresholds } = field.config
  return thresholds && thresholds.mode === 'absolute' && thresholds.steps.length > 1 ? thresholds.steps : undefined
}

function isMapped(field: Field, value: number): boolean {
  return (field.config.mappings ?? []).some((mapping) => {
    if (mapping.type === 'value') return String(value) in mapping.options
    if (mapping.type !== 'range') return false
    const { from, to } = mapping.options
    return (from === null || value >= from) && (to === null || value <= to)
  })
}

function boundsText(field: Field, bounds: readonly Threshold[], value: number): string {
  const index = bounds.indexOf(getActiveThreshold(value, [...bounds]))
  const text = (bound: number): string => {
    const shown = field.display?.(bound)
    return shown ? formattedValueToString(shown) : String(bound)
  }
  const above = bounds[index + 1]
  if (index <= 0) return above ? `< ${text(above.value)}` : text(value)
  return `${text(bounds[index]?.value ?? 0)}+`
}
