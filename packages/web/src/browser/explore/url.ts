import { bootData } from '../app/boot-data.ts'
import type { DataSourceDto } from '../../common/api.ts'
import { encodePanes, type ExplorePane } from './panes.ts'

export interface ExploreTarget {
  readonly datasource: string
  readonly queries: readonly Readonly<Record<string, unknown> & { refId: string }>[]
  readonly range?: { readonly from: string; readonly to: string }
}

/** A link that opens Explore with these queries. Data link placeholders such as `${__value.raw}` stay fillable. */
export function exploreUrl(target: ExploreTarget): string {
  const pane: ExplorePane = {
    datasource: target.datasource,
    queries: target.queries,
    range: target.range ?? { from: 'now-1h', to: 'now' },
  }
  const query = new URLSearchParams({ schemaVersion: '1', panes: encodePanes({ a: pane }) }).toString()
  const fillable = query.replaceAll(/%24%7B(__[\w.]+)%7D/g, (_, name: string) => `\${${name}}`)
  return `${bootData.settings.appSubUrl}/explore?${fillable}`
}

/** The first data source of a type, the default one first; links between signals need no configuration. */
export function dataSourceOfType(type: string): DataSourceDto | undefined {
  const candidates = bootData.dataSources.filter((dataSource) => dataSource.type === type)
  return candidates.find((dataSource) => dataSource.isDefault) ?? candidates[0]
}

export const traceDataSource = (): DataSourceDto | undefined => dataSourceOfType('tempo')
export const logDataSource = (): DataSourceDto | undefined => dataSourceOfType('loki')
export const metricDataSource = (): DataSourceDto | undefined => dataSourceOfType('prometheus')
