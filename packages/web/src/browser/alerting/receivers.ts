import type { ReceiverDto } from '../../common/alerting.ts'

export interface Integration {
  /** As in metrics: `email`, `webhook`, `slack` … */
  readonly kind: string
  /** Where it sends, when that is no secret. */
  readonly target: string
  readonly sendsResolved: boolean | undefined
  readonly settings: readonly (readonly [name: string, value: string])[]
}

export interface Receiver {
  readonly name: string
  readonly integrations: readonly Integration[]
}

/** Settings that say where a notification goes, most telling first. */
const targetKeys = ['to', 'channel', 'chat_id', 'url', 'webhook_url', 'room', 'team', 'topic_arn', 'api_url']
/** Long, and about looks. */
const plainKeys = new Set([
  'html',
  'text',
  'title',
  'body',
  'message',
  'details',
  'fields',
  'actions',
  'blocks',
  'http_config',
])

export function receiverOf(receiver: ReceiverDto): Receiver {
  const integrations = Object.entries(receiver).flatMap(([key, list]) => {
    if (!key.endsWith('_configs') || !Array.isArray(list)) return []
    const kind = key.slice(0, -'_configs'.length)
    return list.map((settings) => integrationOf(kind, (settings ?? {}) as Record<string, unknown>))
  })
  return { name: receiver.name, integrations }
}

function integrationOf(kind: string, settings: Readonly<Record<string, unknown>>): Integration {
  const target = targetKeys.map((key) => settings[key]).find((value) => isTelling(value))
  const sendsResolved = settings['send_resolved']
  return {
    kind,
    target: target === undefined ? '' : String(target),
    sendsResolved: typeof sendsResolved === 'boolean' ? sendsResolved : undefined,
    settings: Object.entries(settings)
      .filter(([name, value]) => !plainKeys.has(name) && name !== 'send_resolved' && isShort(value))
      .map(([name, value]) => [name, String(value)] as const),
  }
}

function isTelling(value: unknown): boolean {
  return (typeof value === 'string' || typeof value === 'number') && value !== '' && value !== '<secret>'
}

function isShort(value: unknown): boolean {
  // Default templates, which every receiver that looks as usual has.
  if (typeof value === 'string' && value.includes('.default.')) return false
  return value !== '' && ['string', 'number', 'boolean'].includes(typeof value)
}

const names: Readonly<Record<string, string>> = {
  email: 'Email',
  webhook: 'Webhook',
  slack: 'Slack',
  pagerduty: 'PagerDuty',
  telegram: 'Telegram',
  discord: 'Discord',
  msteams: 'Microsoft Teams',
  msteamsv2: 'Microsoft Teams',
  opsgenie: 'Opsgenie',
  victorops: 'VictorOps',
  pushover: 'Pushover',
  sns: 'Amazon SNS',
  wechat: 'WeChat',
  webex: 'Webex',
  jira: 'Jira',
  rocketchat: 'Rocket.Chat',
  mattermost: 'Mattermost',
  incidentio: 'incident.io',
}

export function integrationName(kind: string): string {
  return names[kind] ?? kind
}
