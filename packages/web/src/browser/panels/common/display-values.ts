import { getFieldDisplayValues, type FieldDisplay, type GrafanaTheme2, type PanelProps } from '@grafana/data'
import type { VizOrientation, VizTextDisplayOptions } from '@grafana/schema'

/** Options of every panel that reduces each series to one value. */
export interface SingleValueOptions {
  readonly reduceOptions: {
    readonly calcs: string[]
    readonly fields?: string
    readonly values?: boolean
    readonly limit?: number
  }
  readonly orientation: VizOrientation
  readonly text?: VizTextDisplayOptions
}

export const singleValueDefaults = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  orientation: 'auto' as VizOrientation,
}

export function displayValues<T extends SingleValueOptions>(
  props: PanelProps<T>,
  theme: GrafanaTheme2,
  sparkline = false,
): FieldDisplay[] {
  return getFieldDisplayValues({
    fieldConfig: props.fieldConfig,
    reduceOptions: props.options.reduceOptions,
    replaceVariables: props.replaceVariables,
    theme,
    data: props.data.series,
    sparkline,
    timeZone: props.timeZone,
  })
}
