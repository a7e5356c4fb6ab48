import {
  CoreApp,
  LoadingState,
  rangeUtil,
  type DataQueryRequest,
  type DataSourceApi,
  type PanelData,
  type TimeRange,
} from '@grafana/data'
import { dataSourceService } from '../grafana/data-source-service.ts'
import { queryErrorOf, runRequest } from '../grafana/run-request.ts'
import { languageOf } from './languages.ts'
import type { ExplorePane } from './panes.ts'

let lastRequest = 0

/**
 * Runs a pane's queries.
 * @param onData called with every progress, errors included
 * @returns stops the queries
 */
export function runQueries(
  pane: ExplorePane,
  options: { readonly range: TimeRange; readonly timeZone: string; readonly width: number },
  onData: (data: PanelData) => void,
): () => void {
  let stop: (() => void) | undefined
  let isStopped = false
  dataSourceService.get(pane.datasource).then(
    (dataSource) => {
      if (isStopped) return
      const request = requestOf(pane, dataSource, options)
      const subscription = runRequest(dataSource, request).subscribe(onData)
      stop = () => subscription.unsubscribe()
    },
    (thrown: unknown) => {
      const error = queryErrorOf(thrown)
      onData({ state: LoadingState.Error, series: [], timeRange: options.range, error, errors: [error] })
    },
  )
  return () => {
    isStopped = true
    stop?.()
  }
}

function requestOf(
  pane: ExplorePane,
  dataSource: DataSourceApi,
  options: { readonly range: TimeRange; readonly timeZone: string; readonly width: number },
): DataQueryRequest {
  const { range, timeZone, width } = options
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, width, dataSource.interval)
  const defaults = languageOf(dataSource.type)?.defaults ?? {}
  return {
    app: CoreApp.Explore,
    requestId: `explore-${++lastRequest}`,
    timezone: timeZone,
    range,
    interval,
    intervalMs,
    maxDataPoints: width,
    scopedVars: {
      __interval: { text: interval, value: interval },
      __interval_ms: { text: String(intervalMs), value: intervalMs },
    },
    targets: pane.queries.map((query) => ({ ...defaults, ...query })),
    startTime: Date.now(),
  }
}
