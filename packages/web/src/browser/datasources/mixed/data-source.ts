import {
  DataSourceApi,
  type DataQuery,
  type DataQueryRequest,
  type DataQueryResponse,
  type TestDataSourceResponse,
} from '@grafana/data'
import { getDataSourceSrv } from '@grafana/runtime'
import { catchError, forkJoin, from, isObservable, lastValueFrom, map, of, switchMap, type Observable } from 'rxjs'
import { queryErrorOf } from '../../grafana/run-request.ts'

/** Sends each target of a panel to the data source that the target names, and puts the answers together. */
export class MixedDataSource extends DataSourceApi<DataQuery> {
  override query(request: DataQueryRequest<DataQuery>): Observable<DataQueryResponse> {
    const groups = groupByDataSource(request.targets)
    if (groups.length === 0) return of({ data: [] })
    return forkJoin(groups.map((targets) => queryGroup(request, targets))).pipe(
      map((responses) => {
        const errors = responses.flatMap((response) => response.errors ?? [])
        return {
          data: responses.flatMap((response) => response.data),
          ...(errors.length > 0 ? { errors } : {}),
        }
      }),
    )
  }

  override testDatasource(): Promise<TestDataSourceResponse> {
    return Promise.resolve({ status: 'success', message: '' })
  }
}

function groupByDataSource(targets: readonly DataQuery[]): DataQuery[][] {
  const groups = new Map<string, DataQuery[]>()
  for (const target of targets) {
    const key = target.datasource?.uid ?? ''
    const group = groups.get(key)
    if (group) group.push(target)
    else groups.set(key, [target])
  }
  return [...groups.values()]
}

function queryGroup(request: DataQueryRequest<DataQuery>, targets: DataQuery[]): Observable<DataQueryResponse> {
  const answer = getDataSourceSrv()
    .get(targets[0]?.datasource, request.scopedVars)
    .then((dataSource) => {
      const response = dataSource.query({ ...request, targets })
      return isObservable(response) ? lastValueFrom(response) : response
    })
  return from(answer).pipe(
    switchMap((response) => of(response)),
    catchError((thrown: unknown) => of({ data: [], errors: [queryErrorOf(thrown, targets[0]?.refId)] })),
  )
}
