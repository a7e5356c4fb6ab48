import { lazy, Suspense, type ReactNode } from 'react'
import { Navigate, Route, Routes, useLocation } from 'react-router-dom'
import { LoadingPage } from '../shell/loading-page.tsx'
import { Shell } from '../shell/shell.tsx'
import { bootData } from './boot-data.ts'
import { ErrorBoundary } from './error-boundary.tsx'

const LoginPage = lazy(async () => ({ default: (await import('../pages/login/login-page.tsx')).LoginPage }))
const HomePage = lazy(async () => ({ default: (await import('../pages/home/home-page.tsx')).HomePage }))
const DashboardListPage = lazy(async () => ({
  default: (await import('../pages/dashboards/dashboard-list-page.tsx')).DashboardListPage,
}))
const DashboardPage = lazy(async () => ({
  default: (await import('../pages/dashboard/dashboard-page.tsx')).DashboardPage,
}))
const ExplorePage = lazy(async () => ({ default: (await import('../pages/explore/explore-page.tsx')).ExplorePage }))
const RuleListPage = lazy(async () => ({
  default: (await import('../pages/alerting/rule-list-page.tsx')).RuleListPage,
}))
const RulePage = lazy(async () => ({ default: (await import('../pages/alerting/rule-page.tsx')).RulePage }))
const SilenceListPage = lazy(async () => ({
  default: (await import('../pages/alerting/silence-list-page.tsx')).SilenceListPage,
}))
const SilenceFormPage = lazy(async () => ({
  default: (await import('../pages/alerting/silence-form-page.tsx')).SilenceFormPage,
}))
const ContactPointsPage = lazy(async () => ({
  default: (await import('../pages/alerting/contact-points-page.tsx')).ContactPointsPage,
}))
const RoutesPage = lazy(async () => ({ default: (await import('../pages/alerting/routes-page.tsx')).RoutesPage }))
const GroupsPage = lazy(async () => ({ default: (await import('../pages/alerting/groups-page.tsx')).GroupsPage }))
const UsersPage = lazy(async () => ({ default: (await import('../pages/admin/users-page.tsx')).UsersPage }))
const AuthenticationPage = lazy(async () => ({
  default: (await import('../pages/admin/authentication-page.tsx')).AuthenticationPage,
}))
const NotFoundPage = lazy(async () => ({ default: (await import('../pages/not-found-page.tsx')).NotFoundPage }))

export function AppRoutes(): ReactNode {
  const location = useLocation()
  if (!bootData.user.isSignedIn) return <SignedOutRoutes />
  return (
    <Shell>
      {/* A page that failed is left behind by going to another. */}
      <ErrorBoundary key={location.pathname}>
        <Suspense fallback={<LoadingPage />}>
          <Routes>
            <Route path="/" element={<Home />} />
            <Route path="/login" element={<Navigate to="/" replace />} />
            <Route path="/dashboards" element={<DashboardListPage />} />
            <Route path="/d/:uid" element={<DashboardPage />} />
            <Route path="/d/:uid/:slug" element={<DashboardPage />} />
            <Route path="/explore" element={<ExplorePage />} />
            <Route path="/alerting" element={<Navigate to="/alerting/list" replace />} />
            <Route path="/alerting/list" element={<RuleListPage />} />
            <Route path="/alerting/silences" element={<SilenceListPage />} />
            <Route path="/alerting/silence/new" element={<SilenceFormPage />} />
            <Route path="/alerting/silence/:id/edit" element={<SilenceFormPage />} />
            <Route path="/alerting/notifications" element={<ContactPointsPage />} />
            <Route path="/alerting/routes" element={<RoutesPage />} />
            <Route path="/alerting/groups" element={<GroupsPage />} />
            <Route path="/alerting/:source/:id/view" element={<RulePage key="view" />} />
            <Route path="/alerting/:source/:id/find" element={<RulePage key="find" isByName />} />
            {bootData.user.isGrafanaAdmin && (
              <>
                <Route path="/admin" element={<Navigate to="/admin/users" replace />} />
                <Route path="/admin/users" element={<UsersPage />} />
                <Route path="/admin/authentication" element={<AuthenticationPage />} />
              </>
            )}
            <Route path="*" element={<NotFoundPage />} />
          </Routes>
        </Suspense>
      </ErrorBoundary>
    </Shell>
  )
}

function Home(): ReactNode {
  const uid = bootData.settings.homeDashboardUid
  return uid === '' ? <HomePage /> : <Navigate to={`/d/${encodeURIComponent(uid)}`} replace />
}

function SignedOutRoutes(): ReactNode {
  const { pathname, search } = useLocation()
  const here = pathname === '/' ? '' : `?redirectTo=${encodeURIComponent(pathname + search)}`
  return (
    <Suspense fallback={<LoadingPage />}>
      <Routes>
        <Route path="/login" element={<LoginPage />} />
        <Route path="*" element={<Navigate to={`/login${here}`} replace />} />
      </Routes>
    </Suspense>
  )
}
