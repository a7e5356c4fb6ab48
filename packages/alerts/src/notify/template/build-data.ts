import type { Labels } from '@quartet/model'
import { GoTime } from '@quartet/query'
import { isResolved } from '../../storage/alert.ts'
import type { Alert } from '../../storage/alert.ts'
import { Alerts, commonPairs, Data, KV } from './data.ts'

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
      StartsAt: GoTime.ofMs(alert.startsAtMs),
      EndsAt: alert.endsAtMs === 0 ? GoTime.ZERO : GoTime.ofMs(alert.endsAtMs),
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
