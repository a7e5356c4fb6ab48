import { FieldColorModeId, LoadingState, ThresholdsMode, type FieldConfigSource, type PanelData } from '@grafana/data'
import { PanelChrome } from '@grafana/ui'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import type { Rule } from '../../alerting/rules.ts'
import { thresholdOf, type Threshold } from '../../alerting/threshold.ts'
import { PanelView } from '../../explore/panel-view.tsx'
import { runQueries } from '../../explore/run-queries.ts'
import { toTimeRange } from '../../explore/time-range.ts'
import { useWidth } from '../../explore/use-width.ts'
import { PanelMessage } from '../../panels/common/panel-message.tsx'

export interface OverTimeProps {
  readonly rule: Rule
  readonly range: { readonly from: string; readonly to: string }
  readonly timeZone: string
  readonly onChangeTimeRange: (range: { from: number; to: number }) => void
}

const height = 300
const tooltip = { tooltip: { mode: 'multi', sort: 'desc' } }

/** What the rule watches, with the line that it must not cross. */
export function RuleGraph({ rule, range, timeZone, onChangeTimeRange }: OverTimeProps): ReactNode {
  const { query, source } = rule
  const [box, width] = useWidth()
  const [data, setData] = useState<PanelData>()
  const threshold = useMemo(() => (source.type === 'prometheus' ? thresholdOf(query) : undefined), [query, source.type])
  const expr = threshold?.expression ?? query
  const { from, to } = range
  useEffect(() => {
    if (width === 0) return undefined
    const target = { refId: 'A', expr, range: true, instant: false, legendFormat: '__auto' }
    const pane = { datasource: source.uid, queries: [target], range: { from, to } }
    return runQueries(pane, { range: toTimeRange({ from, to }, timeZone), timeZone, width }, setData)
  }, [source.uid, expr, from, to, timeZone, width])
  const fieldConfig = useMemo(() => fieldConfigOf(threshold), [threshold])
  const title = threshold ? `Condition: alert when ${threshold.comparison} ${threshold.value}` : 'Condition'
  return (
    <div ref={box} data-testid="rule-graph">
      {width > 0 && (
        <PanelChrome title={title} width={width} height={height} {...loading(data)}>
          {(innerWidth, innerHeight) => {
            if (!data) return <div />
            if (data.error || (data.series.length === 0 && data.state === LoadingState.Done)) {
              return <PanelMessage data={data} noValue="Nothing fulfilled the condition in this time" />
            }
            return (
              <PanelView
                type="timeseries"
                frames={data.series}
                options={tooltip}
                fieldConfig={fieldConfig}
                width={innerWidth}
                height={innerHeight}
                timeRange={data.timeRange}
                timeZone={timeZone}
                onChangeTimeRange={onChangeTimeRange}
              />
            )
          }}
        </PanelChrome>
      )}
    </div>
  )
}

function loading(data: PanelData | undefined): { loadingState?: LoadingState } {
  return data?.state === LoadingState.Loading ? { loadingState: LoadingState.Loading } : {}
}

function fieldConfigOf(threshold: Threshold | undefined): FieldConfigSource {
  const defaults: FieldConfigSource['defaults'] = {
    color: { mode: FieldColorModeId.PaletteClassic },
    custom: { fillOpacity: 6, thresholdsStyle: { mode: threshold ? 'dashed+area' : 'off' } },
  }
  if (!threshold) return { defaults, overrides: [] }
  const isAbove = threshold.comparison.startsWith('>')
  const isSide = isAbove || threshold.comparison.startsWith('<')
  const quiet = 'transparent'
  const steps = [
    { value: -Infinity, color: isSide && !isAbove ? 'red' : quiet },
    { value: threshold.value, color: isAbove || !isSide ? 'red' : quiet },
  ]
  return {
    defaults: {
      ...defaults,
      custom: { ...(defaults.custom as object), thresholdsStyle: { mode: isSide ? 'dashed+area' : 'dashed' } },
      thresholds: { mode: ThresholdsMode.Absolute, steps },
    },
    overrides: [],
  }
}
