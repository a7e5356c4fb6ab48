import { locationService } from '@grafana/runtime'
import { useLayoutEffect, useState, type ReactNode } from 'react'
import { Router, type Location, type NavigationType, type Navigator } from 'react-router-dom'

type State = { readonly action: string; readonly location: Location }

/**
 * Lets react-router 6 follow the history (version 4) that the dashboard runtime writes to. The two differ only in
 * types that do not matter here: both push and replace `{ pathname, search, hash }`.
 */
export function HistoryRouter({ children }: { readonly children: ReactNode }): ReactNode {
  const history = locationService.getHistory()
  const [state, setState] = useState<State>({ action: history.action, location: history.location })
  useLayoutEffect(
    () => history.listen((location: State['location'], action: State['action']) => setState({ location, action })),
    [history],
  )
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
