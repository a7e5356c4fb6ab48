import { locationService } from '@grafana/runtime'
import { useLayoutEffect, useState, type ReactNode } from 'react'
import { Router, type NavigationType, type Navigator } from 'react-router-dom'

/**
 * Lets react-router 6 follow the history (version 4) that the dashboard runtime writes to. The two differ only in
 * types that do not matter here: both push and replace `{ pathname, search, hash }`.
 */
export function HistoryRouter({ children }: { readonly children: ReactNode }): ReactNode {
  const history = locationService.getHistory()
  const [state, setState] = useState({ action: history.action, location: history.location })
  useLayoutEffect(() => history.listen((location, action) => setState({ location, action })), [history])
  return (
    <Router
      navigator={history as unknown as Navigator}
      location={state.location}
      navigationType={state.action as NavigationType}
    >
      {children}
    </Router>
  )
}
