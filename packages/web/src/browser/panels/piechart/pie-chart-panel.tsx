import {
  FieldColorModeId,
  FieldConfigProperty,
  formattedValueToString,
  PanelPlugin,
  type FieldDisplay,
  type PanelProps,
} from '@grafana/data'
import type { LegendDisplayMode, LegendPlacement } from '@grafana/schema'
import { Tooltip, useTheme2, VizLayout, VizLegend, type VizLegendItem } from '@grafana/ui'
import type { ReactNode } from 'react'
import { displayValues, singleValueDefaults, type SingleValueOptions } from '../common/display-values.ts'
import { customFieldOptions, panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'
import { slicesOf } from './slices.ts'

interface PieChartOptions extends SingleValueOptions {
  readonly pieType: 'pie' | 'donut'
  readonly displayLabels: readonly ('name' | 'value' | 'percent')[]
  readonly legend: {
    readonly showLegend: boolean
    readonly displayMode: LegendDisplayMode
    readonly placement: LegendPlacement
    readonly values?: readonly ('value' | 'percent')[]
  }
}

const defaults: PieChartOptions = {
  ...singleValueDefaults,
  pieType: 'pie',
  displayLabels: [],
  legend: {
    showLegend: true,
    displayMode: 'list' as LegendDisplayMode,
    placement: 'bottom' as LegendPlacement,
    values: [],
  },
}

function PieChartPanel(props: PanelProps<PieChartOptions>): ReactNode {
  const { data, options, width, height, fieldConfig } = props
  const theme = useTheme2()
  if (data.series.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  const values = displayValues(props, theme)
  const total = values.reduce((sum, { display }) => sum + Math.max(0, display.numeric || 0), 0)
  const { legend } = options
  const legendElement = legend.showLegend ? (
    <VizLayout.Legend placement={legend.placement}>
      <VizLegend
        displayMode={legend.displayMode}
        placement={legend.placement}
        items={values.map((value) => legendItem(value, total, legend.values ?? []))}
      />
    </VizLayout.Legend>
  ) : null
  return (
    <VizLayout width={width} height={height} legend={legendElement}>
      {(innerWidth, innerHeight) => <Pie values={values} width={innerWidth} height={innerHeight} options={options} />}
    </VizLayout>
  )
}

function Pie(props: {
  readonly values: readonly FieldDisplay[]
  readonly width: number
  readonly height: number
  readonly options: PieChartOptions
}): ReactNode {
  const { values, width, height, options } = props
  const theme = useTheme2()
  const outer = Math.max(0, Math.min(width, height) / 2 - 8)
  const inner = options.pieType === 'donut' ? outer * 0.6 : 0
  const slices = slicesOf(
    values.map(({ display }) => display.numeric),
    { outer, inner },
  )
  return (
    <svg width={width} height={height} viewBox={`${-width / 2} ${-height / 2} ${width} ${height}`} role="img">
      {slices.map(({ index, part, path }) => {
        const display = values[index]?.display
        if (!display) return null
        return (
          <Tooltip
            key={index}
            content={`${display.title ?? ''}: ${formattedValueToString(display)} (${percent(part)})`}
          >
            <path d={path} fill={display.color} stroke={theme.colors.background.primary} strokeWidth={1.5} />
          </Tooltip>
        )
      })}
    </svg>
  )
}

function legendItem({ display }: FieldDisplay, total: number, shown: readonly string[]): VizLegendItem {
  const part = total > 0 ? Math.max(0, display.numeric) / total : 0
  return {
    label: display.title ?? '',
    color: display.color ?? '',
    yAxis: 1,
    getDisplayValues: () => [
      ...(shown.includes('value') ? [{ ...display, title: 'Value' }] : []),
      ...(shown.includes('percent') ? [{ numeric: part * 100, text: percent(part), title: 'Percent' }] : []),
    ],
  }
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)}%`
}

export const plugin = panelOptions(new PanelPlugin<PieChartOptions>(PieChartPanel), defaults).useFieldConfig({
  standardOptions: { [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.PaletteClassic } } },
  useCustomConfig: customFieldOptions({ hideFrom: { legend: false, tooltip: false, viz: false } }),
})
