import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap, text, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

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

/** Read and checked; sending is not built yet. */
export const victorops = defineReceiver<z.infer<typeof schema>>({
  name: 'victorops',
  key: 'victorops_configs',
  schema,
  unsupported: 'victorops_configs are not supported yet: their notifications fail',
  complete(config, global, report) {
    const api_url = (config.api_url ?? global.victorops_api_url).replace(/\/?$/, '/')
    const completed = { ...config, http_config: config.http_config ?? global.http_config, api_url }
    if (isSet(config.api_key) || isSet(config.api_key_file)) return completed
    if (!isSet(global.victorops_api_key) && !isSet(global.victorops_api_key_file)) {
      report('no global VictorOps API Key set')
    }
    return { ...completed, api_key: global.victorops_api_key, api_key_file: global.victorops_api_key_file }
  },
})
