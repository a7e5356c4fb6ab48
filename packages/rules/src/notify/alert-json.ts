import { labelsToRecord } from '@quartet/model'
import type { Notification } from '../alert/alert.ts'

/** The body of `POST /api/v2/alerts`: times to the millisecond, keys in upstream's order. */
export function encodeAlerts(notifications: readonly Notification[]): Buffer {
  const alerts = notifications.map(({ labels, annotations, startsAtMs, endsAtMs, generatorUrl }) => ({
    annotations: labelsToRecord(annotations),
    endsAt: new Date(endsAtMs).toISOString(),
    startsAt: new Date(startsAtMs).toISOString(),
    generatorURL: generatorUrl,
    labels: labelsToRecord(labels),
  }))
  return Buffer.from(JSON.stringify(alerts))
}
