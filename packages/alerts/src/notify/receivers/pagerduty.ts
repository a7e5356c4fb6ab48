import { z } from 'zod'
import { checked, isSet, optionalText, secret, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { hashKey } from '../hash-key.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import { NotifyError } from '../notify-error.ts'
import type { Notification } from '../notifier.ts'
import { expandDeep } from '../template/expand-deep.ts'
import type { Expander } from '../template/notification-templates.ts'
import { truncateRunes } from '../truncate.ts'
import type { HttpReply } from '@quartet/runtime'

const DEFAULT_DETAILS: Readonly<Record<string, string>> = {
  firing: '{{ .Alerts.Firing | toJson }}',
  resolved: '{{ .Alerts.Resolved | toJson }}',
  num_firing: '{{ .Alerts.Firing | len }}',
  num_resolved: '{{ .Alerts.Resolved | len }}',
}

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    service_key: secret.optional(),
    service_key_file: optionalText,
    routing_key: secret.optional(),
    routing_key_file: optionalText,
    url: url.optional(),
    client: z.string().default('{{ template "pagerduty.default.client" . }}'),
    client_url: z.string().default('{{ template "pagerduty.default.clientURL" . }}'),
    description: z.string().default('{{ template "pagerduty.default.description" .}}'),
    details: z.record(z.string(), z.unknown()).optional(),
    images: z.array(z.strictObject({ src: optionalText, alt: optionalText, href: optionalText })).optional(),
    links: z.array(z.strictObject({ href: optionalText, text: optionalText })).optional(),
    source: optionalText,
    severity: optionalText,
    class: optionalText,
    component: optionalText,
    group: optionalText,
    timeout: optionalText,
  }),
  function* (config) {
    const keys = [config.routing_key, config.service_key, config.routing_key_file, config.service_key_file]
    if (!keys.some(isSet)) yield 'missing service or routing key in PagerDuty config'
    if (isSet(config.routing_key) && isSet(config.routing_key_file)) {
      yield 'at most one of routing_key & routing_key_file must be configured'
    }
    if (isSet(config.service_key) && isSet(config.service_key_file)) {
      yield 'at most one of service_key & service_key_file must be configured'
    }
  },
)

type PagerdutyConfig = z.infer<typeof schema>

const MAX_EVENT_BYTES = 512_000
const MAX_SUMMARY_RUNES = 1024
const V1_URL = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json'

/** Triggers and resolves one incident per group, by Events API v2 or, with a service key, v1. */
export const pagerduty = defineReceiver<PagerdutyConfig>({
  name: 'pagerduty',
  key: 'pagerduty_configs',
  schema,
  complete: (config, global) => ({
    ...config,
    http_config: config.http_config ?? global.http_config,
    url: config.url ?? global.pagerduty_url,
    details: { ...DEFAULT_DETAILS, ...config.details },
    source: config.source || config.client,
  }),
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    const isV1 = isSet(config.service_key) || isSet(config.service_key_file)
    return {
      async notify(notification) {
        const expand = templates.expander(notification.data)
        const secretKey = isV1
          ? (config.service_key?.reveal() ?? (await readSecret(config.service_key_file)))
          : (config.routing_key?.reveal() ?? (await readSecret(config.routing_key_file)))
        const key = expand(secretKey ?? '')
        if (key === '') {
          throw new NotifyError(`${isV1 ? 'service' : 'routing'} key cannot be empty`, { canRetry: false })
        }
        const build = isV1 ? eventV1 : eventV2
        const details = expandDeep(config.details ?? {}, expand)
        let body = goJson(build(config, notification, key, details, expand)) + '\n'
        if (Buffer.byteLength(body) > MAX_EVENT_BYTES) {
          logger.warn({ groupKey: notification.groupKey, bytes: body.length }, 'Truncated details of a large event')
          const error = 'Custom details have been removed because the original event exceeds the maximum size of 512KB'
          body = goJson(build(config, notification, key, { error }, expand)) + '\n'
        }
        await client.post({
          url: isV1 ? V1_URL : config.url!,
          body,
          signal: notification.signal,
          // Rate limits are 403 in version 1 and 429 in version 2.
          retryStatuses: [isV1 ? 403 : 429],
          details: refusal,
        })
      },
    }
  },
})

function eventV1(
  config: PagerdutyConfig,
  { groupKey, isFiring }: Notification,
  key: string,
  details: unknown,
  expand: Expander,
): object {
  return omitEmpty({
    service_key: key,
    incident_key: hashKey(groupKey),
    event_type: isFiring ? 'trigger' : 'resolve',
    description: truncateRunes(expand(config.description), MAX_SUMMARY_RUNES).text,
    event_action: undefined,
    client: isFiring ? expand(config.client) : '',
    client_url: isFiring ? expand(config.client_url) : '',
    details,
  })
}

function eventV2(
  config: PagerdutyConfig,
  { groupKey, isFiring }: Notification,
  key: string,
  details: unknown,
  expand: Expander,
): object {
  return {
    routing_key: key,
    dedup_key: hashKey(groupKey),
    event_action: isFiring ? 'trigger' : 'resolve',
    payload: {
      summary: truncateRunes(expand(config.description), MAX_SUMMARY_RUNES).text,
      source: expand(config.source ?? ''),
      severity: expand(config.severity || 'error'),
      ...omitEmpty({
        class: expand(config.class ?? ''),
        component: expand(config.component ?? ''),
        group: expand(config.group ?? ''),
      }),
      custom_details: details,
    },
    ...omitEmpty({
      client: expand(config.client),
      client_url: expand(config.client_url),
      images: (config.images ?? [])
        .map(({ alt, href, src }) => ({ src: expand(src ?? ''), alt: expand(alt ?? ''), href: expand(href ?? '') }))
        .filter(({ src }) => src !== ''),
      links: (config.links ?? [])
        .map((link) => ({ href: expand(link.href ?? ''), text: expand(link.text ?? '') }))
        .filter(({ href }) => href !== ''),
    }),
  }
}

function refusal(reply: HttpReply): string {
  if (reply.status !== 400) return ''
  try {
    const { errors, message } = JSON.parse(reply.body.toString('utf8')) as { message?: string; errors?: string[] }
    return `${message ?? ''}: ${(errors ?? []).join(',')}`
  } catch (error) {
    if (error instanceof SyntaxError) return ''
    throw error
  }
}
