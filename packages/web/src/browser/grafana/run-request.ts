import {
  LoadingState,
  toDataFrame,
  type DataFrame,
  type DataQueryError,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type PanelData,
} from '@grafana/data'
import { catchError, from, isObservable, map, merge, of, share, takeUntil, timer, type Observable } from 'rxjs'
import { RequestError } from '../api/client.ts'

/** A "loading" state is reported only when the answer takes longer, so that quick refreshes do not flicker. */
const loadingDelayMs = 200

/** Runs one request against one data source and reports its progress as panel data. */
export function runRequest(
  dataSource: DataSourceApi,
  request: DataQueryRequest,
  queryFunction?: typeof dataSource.query,
): Observable<PanelData> {
  const answer = queryFunction ? queryFunction(request) : dataSource.query(request)
  const responses: Observable<DataQueryResponse> = isObservable(answer) ? answer : from(answer)
  const done = responses.pipe(
    map((response) => panelDataOf(request, response)),
    catchError((thrown: unknown) => of(failed(request, thrown))),
    share(),
  )
  const loading: PanelData = { state: LoadingState.Loading, series: [], timeRange: request.range, request }
  return merge(
    timer(loadingDelayMs).pipe(
      map(() => loading),
      takeUntil(done),
    ),
    done,
  )
}

function panelDataOf(request: DataQueryRequest, response: DataQueryResponse): PanelData {
  const errors = response.errors ?? (response.error ? [response.error] : [])
  request.endTime = Date.now()
  return {
    state: response.state ?? (errors.length > 0 ? LoadingState.Error : LoadingState.Done),
    series: response.data.filter((frame) => !isAnnotation(frame)).map((frame) => toDataFrame(frame)),
    annotations: response.data.filter(isAnnotation).map((frame) => toDataFrame(frame)),
    timeRange: request.range,
    request,
    ...(errors.length > 0 ? { errors, error: errors[0] as DataQueryError } : {}),
  }
}

/** Exemplars travel beside the series and are drawn on top of them. */
function isAnnotation(frame: DataFrame): boolean {
  return frame.meta?.dataTopic === 'annotations'
}

function failed(request: DataQueryRequest, thrown: unknown): PanelData {
  const error = queryErrorOf(thrown)
  return { state: LoadingState.Error, series: [], timeRange: request.range, request, error, errors: [error] }
}

export function queryErrorOf(thrown: unknown, refId?: string): DataQueryError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    message,
    ...(thrown instanceof RequestError ? { status: thrown.status } : {}),
    ...(refId === undefined ? {} : { refId }),
  }
}
