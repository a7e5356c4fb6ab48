import type { Labels } from '@quartet/model'
import { isResolved } from '../../storage/alert.ts'
import type { Alert } from '../../storage/alert.ts'
import { Alerts, commonPairs, Data, KV } from './data.ts'
import { GoTime, ZERO_TIME_MS } from './go-time.ts'

export interface DataSource {
  readonly receiver: string
  readonly groupLabels: Labels
  readonly alerts: readonly Alert[]
  readonly externalUrl: string
  readonly nowMs: number
}

/** What the templates of one notification see. */
export function buildData({ alerts, externalUrl, groupLabels, nowMs, receiver }: DataSource): Data {
  const views = new Alerts()
  for (const alert of alerts) {
    views.push({
      Status: isResolved(alert, nowMs) ? 'resolved' : 'firing',
      Labels: KV.of(alert.labels),
      Annotations: KV.of(alert.annotations),
      StartsAt: new GoTime(alert.startsAtMs),
      EndsAt: new GoTime(alert.endsAtMs === 0 ? ZERO_TIME_MS : alert.endsAtMs),
      GeneratorURL: alert.generatorUrl,
      Fingerprint: alert.fingerprint,
    })
  }
  return new Data({
    // Upstream hands out the name as a pattern, since links filter by it.
    Receiver: receiver.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'),
    Status: views.some(({ Status }) => Status === 'firing') ? 'firing' : 'resolved',
    Alerts: views,
    GroupLabels: KV.of(groupLabels),
    CommonLabels: commonPairs(alerts.map(({ labels }) => labels)),
    CommonAnnotations: commonPairs(alerts.map(({ annotations }) => annotations)),
    ExternalURL: externalUrl,
  })
}
