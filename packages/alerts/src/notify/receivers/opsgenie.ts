import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { hashKey } from '../hash-key.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import type { Notification } from '../notifier.ts'
import type { Expander } from '../template/notification-templates.ts'
import { truncateRunes } from '../truncate.ts'

const TYPES = /^(team|teams|user|escalation|schedule)$/

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    api_key: secret.optional(),
    api_key_file: optionalText,
    api_url: url.optional(),
    message: z.string().default('{{ template "opsgenie.default.message" . }}'),
    description: z.string().default('{{ template "opsgenie.default.description" . }}'),
    source: z.string().default('{{ template "opsgenie.default.source" . }}'),
    details: stringMap.optional(),
    entity: optionalText,
    responders: z
      .array(z.strictObject({ id: optionalText, name: optionalText, username: optionalText, type: optionalText }))
      .optional(),
    actions: optionalText,
    tags: optionalText,
    note: optionalText,
    priority: optionalText,
    update_alerts: z.boolean().optional(),
  }),
  function* (config) {
    if (isSet(config.api_key) && isSet(config.api_key_file))
      yield 'at most one of api_key & api_key_file must be configured'
    for (const { id, name, type = '', username } of config.responders ?? []) {
      const shown = `{${id ?? ''} ${name ?? ''} ${username ?? ''} ${type}}`
      if (!id && !name && !username) {
        yield `opsGenieConfig responder ${shown} has to have at least one of id, username or name specified`
      }
      if (!type.includes('{{') && !TYPES.test(type.toLowerCase())) {
        yield `opsGenieConfig responder ${shown} type does not match valid options ${TYPES.source}`
      }
    }
  },
)

/** Creates, updates and closes one alert per group through the Alert API v2. */
export const opsgenie = defineReceiver<z.infer<typeof schema>>({
  name: 'opsgenie',
  key: 'opsgenie_configs',
  schema,
  complete(config, global, report) {
    const api_url = (config.api_url ?? global.opsgenie_api_url).replace(/\/?$/, '/')
    const completed = { ...config, http_config: config.http_config ?? global.http_config, api_url }
    if (isSet(config.api_key) || isSet(config.api_key_file)) return completed
    if (!isSet(global.opsgenie_api_key) && !isSet(global.opsgenie_api_key_file)) {
      report('no global OpsGenie API Key set either inline or in a file')
    }
    return { ...completed, api_key: global.opsgenie_api_key, api_key_file: global.opsgenie_api_key_file }
  },
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    return {
      async notify(notification) {
        const { data, groupKey, signal } = notification
        const expand = templates.expander(data)
        const message = truncateRunes(expand(config.message), MAX_MESSAGE_RUNES)
        if (message.isTruncated) logger.warn({ groupKey, maxRunes: MAX_MESSAGE_RUNES }, 'Truncated message')
        const requests = requestsOf(config, notification, message.text, expand)
        const key = expand(config.api_key?.reveal() ?? (await readSecret(config.api_key_file)) ?? '').trim()
        const headers = { authorization: `GenieKey ${key}` }
        for (const { body, method, path } of requests) {
          const url = `${config.api_url}v2/alerts${path}`
          await client.post({ url, method, body: goJson(body) + '\n', headers, signal, retryStatuses: [429] })
        }
      },
    }
  },
})

type OpsgenieConfig = z.infer<typeof schema>

const MAX_MESSAGE_RUNES = 130

interface Call {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: object
}

function requestsOf(
  config: OpsgenieConfig,
  { data, groupKey, isFiring }: Notification,
  message: string,
  expand: Expander,
): readonly Call[] {
  const alias = hashKey(groupKey)
  const source = expand(config.source)
  const of = (what: string): string => `/${alias}/${what}?identifierType=alias`
  if (!isFiring) return [{ method: 'POST', path: of('close'), body: { source } }]
  const details: Record<string, string> = data.CommonLabels.toJSON()
  for (const [name, template] of Object.entries(config.details ?? {})) details[name] = expand(template)
  const description = expand(config.description)
  const create = {
    alias,
    message,
    ...omitEmpty({ description }),
    details: Object.fromEntries(Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1))),
    source,
    ...omitEmpty({
      responders: respondersOf(config, expand),
      tags: splitList(expand(config.tags ?? '')),
      note: expand(config.note ?? ''),
      priority: expand(config.priority ?? ''),
      entity: expand(config.entity ?? ''),
      actions: splitList(expand(config.actions ?? '')),
    }),
  }
  const calls: Call[] = [{ method: 'POST', path: '', body: create }]
  if (config.update_alerts) {
    calls.push({ method: 'PUT', path: of('message'), body: omitEmpty({ message }) })
    calls.push({ method: 'PUT', path: of('description'), body: omitEmpty({ description }) })
  }
  return calls
}

/** `teams` names several at once; what expands to nothing is left out. */
function respondersOf({ responders = [] }: OpsgenieConfig, expand: Expander): readonly object[] {
  return responders.flatMap<object>(({ id = '', name = '', type = '', username = '' }) => {
    const responder = { id: expand(id), name: expand(name), username: expand(username), type: expand(type) }
    if (Object.values(responder).every((text) => text === '')) return []
    if (responder.type === 'teams') return splitList(responder.name).map((team) => ({ name: team, type: 'team' }))
    const { type: kind, ...who } = responder
    return [{ ...omitEmpty(who), type: kind }]
  })
}

function splitList(text: string): readonly string[] {
  return text.trim().split(',').filter(Boolean)
}
