import type {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptions,
} from '@grafana/schema'

export interface TimeSeriesOptions {
  readonly legend: VizLegendOptions
  readonly tooltip: {
    readonly mode: TooltipDisplayMode
    readonly sort: SortOrder
    readonly hideZeros?: boolean
    readonly maxWidth?: number
  }
}

export const defaults: TimeSeriesOptions = {
  legend: {
    showLegend: true,
    displayMode: 'list' as LegendDisplayMode,
    placement: 'bottom' as LegendPlacement,
    calcs: [],
  },
  tooltip: { mode: 'single' as TooltipDisplayMode, sort: 'none' as SortOrder },
}

/** Grafana's field options of a time series and what they are when a dashboard does not say. */
export const fieldDefaults: Readonly<Record<string, unknown>> = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  lineStyle: { fill: 'solid' },
  lineColor: undefined,
  fillOpacity: 0,
  fillColor: undefined,
  fillBelowTo: undefined,
  gradientMode: 'none',
  spanNulls: false,
  insertNulls: false,
  showPoints: 'auto',
  showValues: false,
  pointSize: 5,
  pointColor: undefined,
  pointSymbol: undefined,
  barAlignment: 0,
  barWidthFactor: 0.6,
  barMaxWidth: undefined,
  stacking: { mode: 'none', group: 'A' },
  transform: undefined,
  thresholdsStyle: { mode: 'off' },
  axisPlacement: 'auto',
  axisLabel: '',
  axisColorMode: 'text',
  axisBorderShow: false,
  axisCenteredZero: false,
  axisGridShow: undefined,
  axisSoftMin: undefined,
  axisSoftMax: undefined,
  axisWidth: undefined,
  scaleDistribution: { type: 'linear' },
  hideFrom: { legend: false, tooltip: false, viz: false },
}
