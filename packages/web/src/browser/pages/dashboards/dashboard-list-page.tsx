import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, EmptyState, FilterInput, LoadingBar, MultiCombobox, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useMemo, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import type { DashboardHitDto } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { useBreadcrumbs } from '../../shell/breadcrumbs.tsx'
import { DashboardLinks } from './dashboard-links.tsx'
import { filterDashboards, tagsOf } from './filter.ts'

export function DashboardListPage(): ReactNode {
  useBreadcrumbs({ text: 'Dashboards' })
  const styles = useStyles2(getStyles)
  const [search, setSearch] = useSearchParams()
  const query = search.get('query') ?? ''
  const tags = search.getAll('tag')
  const [state, reload] = useAsync(
    (signal) => requestJson<DashboardHitDto[]>('/api/search?type=dash-db', { signal }),
    [],
  )
  const all = lastValue(state) ?? []
  const found = useMemo(() => filterDashboards(all, { query, tags }), [all, query, tags])
  const change = (next: { query?: string; tags?: readonly string[] }): void => {
    const params = new URLSearchParams()
    const nextQuery = next.query ?? query
    if (nextQuery !== '') params.set('query', nextQuery)
    for (const tag of next.tags ?? tags) params.append('tag', tag)
    setSearch(params, { replace: true })
  }
  return (
    <div className={styles.page}>
      <h1>Dashboards</h1>
      <div className={styles.filters}>
        <FilterInput
          placeholder="Search for dashboards"
          value={query}
          onChange={(text) => change({ query: text })}
          escapeRegex={false}
        />
        <MultiCombobox
          width="auto"
          minWidth={28}
          placeholder="Filter by tag"
          options={tagsOf(all).map((tag) => ({ label: tag, value: tag }))}
          value={tags}
          onChange={(chosen) => change({ tags: chosen.map(({ value }) => value) })}
        />
      </div>
      {state.kind === 'error' && (
        <Alert severity="error" title={state.error.message} buttonContent="Try again" onRemove={reload} />
      )}
      {state.kind === 'loading' && state.previous === undefined && <LoadingBar width={400} />}
      {state.kind === 'ready' && found.length === 0 && (
        <EmptyState
          variant="not-found"
          hideImage
          message={all.length === 0 ? 'There are no dashboards yet' : 'No dashboard matches'}
        />
      )}
      {found.length > 0 && (
        <div className={styles.list}>
          <DashboardLinks dashboards={found} onTag={(tag) => change({ tags: [...new Set([...tags, tag])] })} />
        </div>
      )}
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ maxWidth: 1200, margin: '0 auto', padding: theme.spacing(3) }),
  filters: css({ display: 'flex', gap: theme.spacing(2), margin: theme.spacing(2, 0) }),
  list: css({
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
})
