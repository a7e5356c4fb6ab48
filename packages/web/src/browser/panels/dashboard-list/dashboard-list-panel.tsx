import { PanelPlugin, type PanelProps } from '@grafana/data'
import { ScrollContainer } from '@grafana/ui'
import type { ReactNode } from 'react'
import type { DashboardHitDto } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { DashboardLinks } from '../../pages/dashboards/dashboard-links.tsx'
import { panelOptions } from '../common/options.ts'

interface DashboardListOptions {
  readonly showStarred: boolean
  readonly showRecentlyViewed: boolean
  readonly showSearch: boolean
  readonly maxItems: number
  readonly query: string
  readonly tags: string[]
}

const defaults: DashboardListOptions = {
  showStarred: true,
  showRecentlyViewed: false,
  showSearch: false,
  maxItems: 10,
  query: '',
  tags: [],
}

function DashboardListPanel({ options, replaceVariables }: PanelProps<DashboardListOptions>): ReactNode {
  const { showStarred, showSearch, query, tags, maxItems } = options
  const search = new URLSearchParams({ type: 'dash-db', limit: String(maxItems) })
  if (showStarred && !showSearch) search.set('starred', 'true')
  if (query !== '') search.set('query', replaceVariables(query))
  for (const tag of tags) search.append('tag', tag)
  const [state] = useAsync(
    (signal) => requestJson<DashboardHitDto[]>(`/api/search?${search.toString()}`, { signal }),
    [search.toString()],
  )
  if (state.kind === 'error') return <div role="alert">{state.error.message}</div>
  const dashboards = lastValue(state)
  return <ScrollContainer>{dashboards && <DashboardLinks dashboards={dashboards} />}</ScrollContainer>
}

export const plugin = panelOptions(new PanelPlugin<DashboardListOptions>(DashboardListPanel), defaults)
