import { formattedValueToString, getValueFormat, PanelPlugin, type Field, type PanelProps } from '@grafana/data'
import { useTheme2 } from '@grafana/ui'
import { useMemo, type ReactNode } from 'react'
import { panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'
import { graphOf, type GraphFormat, type GraphOptions } from './graph.ts'
import { GraphView } from './graph-view.tsx'
import type { LayoutAlgorithm } from './layout.ts'

interface NodeGraphOptions extends GraphOptions {
  readonly zoomMode: 'cooperative' | 'greedy'
  readonly layoutAlgorithm: LayoutAlgorithm
}

function NodeGraphPanel({ data, options, width, height, fieldConfig }: PanelProps<NodeGraphOptions>): ReactNode {
  const theme = useTheme2()
  const graph = useMemo(() => {
    const format: GraphFormat = {
      text: (value, field, unit) => textOf(value, field, unit),
      color: (value, field) =>
        typeof value === 'number' ? (field?.display?.(value).color ?? '') : colorNamed(String(value), theme),
    }
    return graphOf(data.series, options, format)
  }, [data.series, options, theme])
  if (!graph || graph.nodes.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  return (
    <GraphView
      graph={graph}
      width={width}
      height={height}
      algorithm={options.layoutAlgorithm}
      needsKeyToZoom={options.zoomMode !== 'greedy'}
    />
  )
}

function textOf(value: unknown, field: Field, unit: string | undefined): string {
  if (typeof value !== 'number') return String(value)
  if (unit) return formattedValueToString(getValueFormat(unit)(value, field.config.decimals ?? 2))
  const display = field.display?.(value)
  return display ? formattedValueToString(display) : String(value)
}

function colorNamed(name: string, theme: ReturnType<typeof useTheme2>): string {
  return name === '' ? '' : theme.visualization.getColorByName(name)
}

export const plugin = panelOptions(new PanelPlugin<NodeGraphOptions>(NodeGraphPanel), {
  nodes: {},
  edges: {},
  zoomMode: 'cooperative',
  layoutAlgorithm: 'layered',
}).useFieldConfig()
