import { DataSourceApi, type DataQuery, type DataQueryResponse, type TestDataSourceResponse } from '@grafana/data'

/** `-- Grafana --`: panels that need no store (text, lists) and the built-in annotations, which live in the dashboard. */
export class EmptyDataSource extends DataSourceApi<DataQuery> {
  override annotations = {}

  override query(): Promise<DataQueryResponse> {
    return Promise.resolve({ data: [] })
  }

  override testDatasource(): Promise<TestDataSourceResponse> {
    return Promise.resolve({ status: 'success', message: '' })
  }
}
