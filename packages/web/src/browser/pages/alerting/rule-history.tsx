import { MappingType, type FieldConfigSource } from '@grafana/data'
import { LoadingState } from '@grafana/data'
import { Alert, PanelChrome } from '@grafana/ui'
import { useMemo, type ReactNode } from 'react'
import { historyFrames, historyQuery, historyStates } from '../../alerting/state-history.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import type { PrometheusResponse } from '../../datasources/prometheus/response.ts'
import { StoreClient } from '../../datasources/store-client.ts'
import { PanelView } from '../../explore/panel-view.tsx'
import { toTimeRange } from '../../explore/time-range.ts'
import { metricDataSource } from '../../explore/url.ts'
import { useWidth } from '../../explore/use-width.ts'
import type { OverTimeProps } from './rule-graph.tsx'

const rowHeight = 32
/** Enough to see what happened; more rows scroll by pages. */
const steps = 480

/** When each instance was pending and firing, from the series `ALERTS` that the rules' evaluation leaves behind. */
export function RuleHistory({ rule, range, timeZone, onChangeTimeRange }: OverTimeProps): ReactNode {
  const [box, width] = useWidth()
  const timeRange = useMemo(() => toTimeRange(range, timeZone), [range.from, range.to, timeZone])
  const store = rule.source.type === 'prometheus' ? rule.source : metricDataSource()
  const query = historyQuery(rule)
  const [state] = useAsync(
    async (signal) => {
      if (!store) return []
      const stepMs = Math.max(
        1000,
        Math.ceil((timeRange.to.valueOf() - timeRange.from.valueOf()) / steps / 1000) * 1000,
      )
      // On a grid that ends with the time shown, so that the newest state is seen.
      const endMs = timeRange.to.valueOf()
      const startMs = endMs - Math.floor((endMs - timeRange.from.valueOf()) / stepMs) * stepMs
      const parameters = { query, start: startMs / 1000, end: endMs / 1000, step: stepMs / 1000 }
      const response = await new StoreClient(store.uid).postForm<PrometheusResponse>(
        '/api/v1/query_range',
        parameters,
        {
          signal,
        },
      )
      return response.data.resultType === 'matrix'
        ? historyFrames(response.data.result, { startMs, endMs, stepMs })
        : []
    },
    [store?.uid, query, timeRange],
  )
  const frames = lastValue(state) ?? []
  const height = 110 + rowHeight * Math.max(1, Math.min(20, frames.length))
  return (
    <div ref={box} data-testid="rule-history">
      {state.kind === 'error' && (
        <Alert severity="error" title={`${store?.name ?? 'Prometheus'} cannot tell the history`}>
          {state.error.message}
        </Alert>
      )}
      {width > 0 && state.kind !== 'error' && (
        <PanelChrome
          title="History of states"
          width={width}
          height={height}
          {...(state.kind === 'loading' ? { loadingState: LoadingState.Loading } : {})}
        >
          {(innerWidth, innerHeight) =>
            frames.length === 0 ? (
              <p style={{ padding: 24, textAlign: 'center' }}>
                {state.kind === 'loading' ? '' : 'No instance was pending or firing in this time.'}
              </p>
            ) : (
              <PanelView
                type="state-timeline"
                frames={frames}
                fieldConfig={stateColors}
                width={innerWidth}
                height={innerHeight}
                timeRange={timeRange}
                timeZone={timeZone}
                onChangeTimeRange={onChangeTimeRange}
              />
            )
          }
        </PanelChrome>
      )}
    </div>
  )
}

const stateColors: FieldConfigSource = {
  defaults: {
    mappings: [
      {
        type: MappingType.ValueToText,
        options: {
          [historyStates.normal]: { text: 'Normal', color: 'green', index: 0 },
          [historyStates.pending]: { text: 'Pending', color: 'orange', index: 1 },
          [historyStates.firing]: { text: 'Firing', color: 'red', index: 2 },
        },
      },
    ],
    custom: { fillOpacity: 75 },
  },
  overrides: [],
}
