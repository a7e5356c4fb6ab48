import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

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

/** Read and checked; sending is not built yet. */
export const opsgenie = defineReceiver<z.infer<typeof schema>>({
  name: 'opsgenie',
  key: 'opsgenie_configs',
  schema,
  unsupported: 'opsgenie_configs are not supported yet: their notifications fail',
  complete(config, global, report) {
    const api_url = (config.api_url ?? global.opsgenie_api_url).replace(/\/?$/, '/')
    const completed = { ...config, http_config: config.http_config ?? global.http_config, api_url }
    if (isSet(config.api_key) || isSet(config.api_key_file)) return completed
    if (!isSet(global.opsgenie_api_key) && !isSet(global.opsgenie_api_key_file)) {
      report('no global OpsGenie API Key set either inline or in a file')
    }
    return { ...completed, api_key: global.opsgenie_api_key, api_key_file: global.opsgenie_api_key_file }
  },
})
