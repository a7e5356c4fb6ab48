import type { DashboardChange } from '../../common/api.ts'
import { bootData } from '../app/boot-data.ts'

/**
 * Calls back whenever a dashboard is saved or its provisioned file changes. The browser reconnects by itself when the
 * connection breaks.
 * @returns stops watching
 */
export function watchDashboard(uid: string, onChange: () => void): () => void {
  const events = new EventSource(`${bootData.settings.appSubUrl}/api/live/dashboards`)
  events.addEventListener('message', (event: MessageEvent<string>) => {
    const change = JSON.parse(event.data) as DashboardChange
    if (change.uid === uid && change.action === 'saved') onChange()
  })
  return () => events.close()
}
