import type { LegendDisplayMode, LegendPlacement, TooltipDisplayMode, VizLegendOptions } from '@grafana/schema'
import type { ShowValue } from './timeline-view.tsx'

/** Options that state timeline and status history share. */
export interface TimelineOptions {
  readonly rowHeight: number
  readonly showValue: ShowValue
  readonly alignValue?: 'left' | 'center' | 'right'
  /** Rows on one page; 0 for all. */
  readonly perPage: number
  readonly legend: VizLegendOptions
  readonly tooltip: { readonly mode: TooltipDisplayMode; readonly maxWidth?: number; readonly maxHeight?: number }
}

export const timelineDefaults: TimelineOptions = {
  rowHeight: 0.9,
  showValue: 'auto',
  perPage: 20,
  legend: {
    showLegend: true,
    displayMode: 'list' as LegendDisplayMode,
    placement: 'bottom' as LegendPlacement,
    calcs: [],
  },
  tooltip: { mode: 'single' as TooltipDisplayMode },
}

/** Grafana's field options of both; those of axes are accepted, rows have none. */
export const timelineFieldDefaults: Readonly<Record<string, unknown>> = {
  fillOpacity: 70,
  lineWidth: 0,
  hideFrom: { legend: false, tooltip: false, viz: false },
  axisPlacement: 'auto',
  axisLabel: '',
  axisColorMode: 'text',
  axisBorderShow: false,
  axisCenteredZero: false,
  axisGridShow: undefined,
  axisWidth: undefined,
  scaleDistribution: { type: 'linear' },
}
