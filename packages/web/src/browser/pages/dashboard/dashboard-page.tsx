import { UrlSyncContextProvider } from '@grafana/scenes'
import { Alert } from '@grafana/ui'
import { useEffect, useMemo, type ReactNode } from 'react'
import { useParams } from 'react-router-dom'
import type { DashboardWithMetaDto } from '../../../common/api.ts'
import { RequestError, requestJson } from '../../api/client.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { watchDashboard } from '../../dashboard/live.ts'
import { migrateDashboard } from '../../dashboard/migrations/dashboard.ts'
import { buildDashboard } from '../../dashboard/scene/build.ts'
import { installSceneInterpolation } from '../../dashboard/scene/interpolation.ts'
import { useBreadcrumbs } from '../../shell/breadcrumbs.tsx'
import { ErrorPage } from '../../shell/error-page.tsx'
import { LoadingPage } from '../../shell/loading-page.tsx'
import { NotFoundPage } from '../not-found-page.tsx'
import { StarButton } from './star-button.tsx'

installSceneInterpolation()

/** Shows one dashboard, and shows it anew as soon as its file or its saved version changes. */
export function DashboardPage(): ReactNode {
  const { uid = '' } = useParams()
  const path = `/api/dashboards/uid/${encodeURIComponent(uid)}`
  const [state, reload] = useAsync((signal) => requestJson<DashboardWithMetaDto>(path, { signal }), [path])
  useEffect(() => watchDashboard(uid, reload), [uid, reload])
  const loaded = lastValue(state)
  if (state.kind === 'error') {
    if (state.error instanceof RequestError && state.error.status === 404) return <NotFoundPage />
    return <ErrorPage title="The dashboard could not be loaded" error={state.error} />
  }
  if (!loaded || loaded.dashboard.uid !== uid) return <LoadingPage />
  return <Dashboard loaded={loaded} />
}

function Dashboard({ loaded }: { readonly loaded: DashboardWithMetaDto }): ReactNode {
  const { dashboard, meta } = loaded
  const scene = useMemo(() => buildDashboard(migrateDashboard(dashboard)), [dashboard])
  const { title } = scene.state
  useBreadcrumbs({ text: 'Dashboards', path: '/dashboards' }, { text: title })
  if (scene.state.model.panels.length === 0) return <Alert severity="info" title="This dashboard has no panels" />
  return (
    <UrlSyncContextProvider scene={scene} createBrowserHistorySteps updateUrlOnInit>
      <StarButton uid={scene.state.uid} isStarred={meta.isStarred} />
      <scene.Component model={scene} />
    </UrlSyncContextProvider>
  )
}
