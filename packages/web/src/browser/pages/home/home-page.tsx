import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, LinkButton, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import type { DashboardHitDto } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { bootData } from '../../app/boot-data.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { useBreadcrumbs } from '../../shell/breadcrumbs.tsx'
import { DashboardLinks } from '../dashboards/dashboard-links.tsx'
import { SystemHealth } from './system-health.tsx'

/** What is there and whether it works: the stores, then the dashboards, starred ones first. */
export function HomePage(): ReactNode {
  useBreadcrumbs()
  const styles = useStyles2(getStyles)
  const [state, reload] = useAsync(
    (signal) => requestJson<DashboardHitDto[]>('/api/search?type=dash-db&limit=30', { signal }),
    [],
  )
  const dashboards = lastValue(state) ?? []
  const starred = dashboards.filter(({ isStarred }) => isStarred)
  const others = dashboards.filter(({ isStarred }) => !isStarred)
  const base = bootData.settings.appSubUrl
  return (
    <div className={styles.page}>
      <h1>Home</h1>
      <div className={styles.tiles}>
        {bootData.dataSources.map((dataSource) => (
          <SystemHealth key={dataSource.uid} dataSource={dataSource} />
        ))}
      </div>
      {bootData.dataSources.length === 0 && (
        <Alert severity="info" title="No data source is configured">
          Data sources are read from the provisioning folder, stack/grafana/provisioning/datasources.
        </Alert>
      )}
      <div className={styles.head}>
        <h2>Dashboards</h2>
        <LinkButton variant="secondary" href={`${base}/dashboards`}>
          All dashboards
        </LinkButton>
      </div>
      {state.kind === 'error' && (
        <Alert severity="error" title={state.error.message} buttonContent="Try again" onRemove={reload} />
      )}
      {state.kind === 'ready' && dashboards.length === 0 && (
        <Alert severity="info" title="There are no dashboards yet">
          Dashboards are read from the provisioning folder, stack/grafana/provisioning/dashboards.
        </Alert>
      )}
      {dashboards.length > 0 && (
        <div className={styles.list}>
          <DashboardLinks dashboards={[...starred, ...others]} />
        </div>
      )}
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ maxWidth: 1200, margin: '0 auto', padding: theme.spacing(3) }),
  tiles: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(240px, 1fr))',
    gap: theme.spacing(2),
    margin: theme.spacing(2, 0, 4),
  }),
  head: css({
    display: 'flex',
    justifyContent: 'space-between',
    alignItems: 'center',
    marginBottom: theme.spacing(1.5),
  }),
  list: css({
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
})
