import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap, text, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson } from '../go-json.ts'
import { hashKey } from '../hash-key.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import { truncateRunes } from '../truncate.ts'

const FIXED = [
  'routing_key',
  'message_type',
  'state_message',
  'entity_display_name',
  'monitoring_tool',
  'entity_id',
  'entity_state',
]

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    api_key: secret.optional(),
    api_key_file: optionalText,
    api_url: url.optional(),
    routing_key: text,
    message_type: z.string().default('CRITICAL'),
    state_message: z.string().default('{{ template "victorops.default.state_message" . }}'),
    entity_display_name: z.string().default('{{ template "victorops.default.entity_display_name" . }}'),
    monitoring_tool: z.string().default('{{ template "victorops.default.monitoring_tool" . }}'),
    custom_fields: stringMap.optional(),
  }),
  function* (config) {
    if (config.routing_key === '') yield 'missing Routing key in VictorOps config'
    if (isSet(config.api_key) && isSet(config.api_key_file))
      yield 'at most one of api_key & api_key_file must be configured'
    for (const name of FIXED) {
      if (!config.custom_fields || !Object.hasOwn(config.custom_fields, name)) continue
      yield `victorOps config contains custom field ${name} which cannot be used as it conflicts with the fixed/static fields`
    }
  },
)

/** Sends one incident event per notification to Splunk On-Call. */
export const victorops = defineReceiver<z.infer<typeof schema>>({
  name: 'victorops',
  key: 'victorops_configs',
  schema,
  complete(config, global, report) {
    const api_url = (config.api_url ?? global.victorops_api_url).replace(/\/?$/, '/')
    const completed = { ...config, http_config: config.http_config ?? global.http_config, api_url }
    if (isSet(config.api_key) || isSet(config.api_key_file)) return completed
    if (!isSet(global.victorops_api_key) && !isSet(global.victorops_api_key_file)) {
      report('no global VictorOps API Key set')
    }
    return { ...completed, api_key: global.victorops_api_key, api_key_file: global.victorops_api_key_file }
  },
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, groupKey, isFiring, signal }) {
        const expand = templates.expander(data)
        const type = expand(config.message_type)
        const state = truncateRunes(expand(config.state_message), MAX_MESSAGE_RUNES)
        if (state.isTruncated) logger.warn({ groupKey, maxRunes: MAX_MESSAGE_RUNES }, 'Truncated state_message')
        const message: Record<string, string> = {
          message_type: !isFiring ? 'RECOVERY' : EVENTS.has(type) ? type : 'CRITICAL',
          entity_id: hashKey(groupKey),
          entity_display_name: expand(config.entity_display_name),
          state_message: state.text,
          monitoring_tool: expand(config.monitoring_tool),
        }
        for (const [name, template] of Object.entries(config.custom_fields ?? {})) message[name] = expand(template)
        const sorted = Object.fromEntries(Object.entries(message).sort(([a], [b]) => (a < b ? -1 : 1)))
        const key = config.api_key?.reveal() ?? (await readSecret(config.api_key_file)) ?? ''
        const url = `${config.api_url}${key}/${encodeURI(expand(config.routing_key))}`
        await client.post({ url, body: goJson(sorted) + '\n', signal })
      },
    }
  },
})

const MAX_MESSAGE_RUNES = 20_480
const EVENTS = new Set(['INFO', 'WARNING', 'CRITICAL'])
