import { labelsFromRecord } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { loadConfig } from '../../src/config/alertmanager-config.ts'
import { buildIntegrations } from '../../src/notify/integration.ts'
import { JsonClient } from '../../src/notify/json-client.ts'
import type { Notification } from '../../src/notify/notifier.ts'
import { RECEIVER_KINDS } from '../../src/notify/registry.ts'
import { buildData } from '../../src/notify/template/build-data.ts'
import { NotificationTemplates } from '../../src/notify/template/notification-templates.ts'
import { fingerprintOf } from '../../src/storage/alert.ts'
import type { Alert } from '../../src/storage/alert.ts'
import { startReceiver } from './start.ts'
import type { Answer, Received } from './start.ts'

export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

export function alert(labels: Record<string, string>, endsAtMs = 0): Alert {
  const sorted = labelsFromRecord(labels)
  return {
    labels: sorted,
    annotations: [['summary', '<b>"x" & y']],
    startsAtMs: NOW_MS - 60_000,
    endsAtMs,
    updatedAtMs: NOW_MS,
    isTimeout: false,
    generatorUrl: 'http://prom/graph',
    fingerprint: fingerprintOf(sorted),
  }
}

export function notificationOf(alerts: readonly Alert[]): Notification {
  const groupLabels = [['alertname', 'Down']] as const
  const receiver = 'r'
  return {
    groupKey: '{}:{alertname="Down"}',
    groupLabels,
    receiver,
    alerts,
    isFiring: alerts.some(({ endsAtMs }) => endsAtMs === 0),
    data: buildData({ receiver, groupLabels, alerts, externalUrl: 'http://am', nowMs: NOW_MS }),
    nowMs: NOW_MS,
    signal: new AbortController().signal,
  }
}

export const FIRING = [alert({ alertname: 'Down', instance: 'a', severity: 'page' })]
export const RESOLVED = [alert({ alertname: 'Down', instance: 'a', severity: 'page' }, NOW_MS - 1000)]

/** Sends one notification through one receiver whose settings are YAML with `URL` for the address of a server of ours. */
export async function send(
  settings: string,
  alerts: readonly Alert[] = FIRING,
  answer: Answer = { status: 200, body: 'ok' },
): Promise<Received> {
  return (await sendAll(settings, alerts, () => answer))[0]
}

/** As {@link send}, with every request that came of it; an answer may depend on its request. */
export async function sendAll(
  settings: string,
  alerts: readonly Alert[],
  answer: (request: Received) => Answer,
  count = 1,
): Promise<readonly Received[]> {
  const server = await startReceiver(answer)
  const text = `route: {receiver: r}\nreceivers:\n  - name: r\n    ${settings.replaceAll('URL', server.url)}\n`
  const { config } = await loadConfig({ path: 'am.yml', text, receiverTypes: RECEIVER_KINDS })
  const clients: JsonClient[] = []
  const integrations = buildIntegrations(config, RECEIVER_KINDS, {
    templates: new NotificationTemplates([], () => NOW_MS),
    logger: silentLogger,
    http(http) {
      const client = new JsonClient(http, () => NOW_MS)
      clients.push(client)
      return client
    },
  })
  try {
    for (let time = 0; time < count; time++) await integrations.get('r')![0].notifier.notify(notificationOf(alerts))
    return server.received
  } finally {
    for (const client of clients) client.close()
    await server.close()
  }
}
