import { LocationServiceProvider, locationService } from '@grafana/runtime'
import { GlobalStyles, ModalRoot, PortalContainer } from '@grafana/ui'
import type { ReactNode } from 'react'
import { ErrorBoundary } from './error-boundary.tsx'
import { HistoryRouter } from './history-router.tsx'
import { AppRoutes } from './routes.tsx'
import { ThemeProvider } from './theme.tsx'

export function App(): ReactNode {
  return (
    <ThemeProvider>
      <LocationServiceProvider service={locationService}>
        <GlobalStyles />
        <ErrorBoundary>
          <HistoryRouter>
            <AppRoutes />
          </HistoryRouter>
        </ErrorBoundary>
        <ModalRoot />
        <PortalContainer />
      </LocationServiceProvider>
    </ThemeProvider>
  )
}
