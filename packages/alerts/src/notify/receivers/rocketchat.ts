import { z } from 'zod'
import { checked, isSet, optionalText, secret, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(false),
    http_config: httpConfig.optional(),
    api_url: url.optional(),
    token_id: secret.optional(),
    token_id_file: optionalText,
    token: secret.optional(),
    token_file: optionalText,
    channel: optionalText,
    color: z.string().default('{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'),
    title: z.string().default('{{ template "rocketchat.default.title" . }}'),
    title_link: z.string().default('{{ template "rocketchat.default.titlelink" . }}'),
    text: z.string().default('{{ template "rocketchat.default.text" . }}'),
    fields: z
      .array(z.strictObject({ title: optionalText, value: optionalText, short: z.boolean().optional() }))
      .optional(),
    short_fields: z.boolean().default(false),
    emoji: z.string().default('{{ template "rocketchat.default.emoji" . }}'),
    icon_url: z.string().default('{{ template "rocketchat.default.iconurl" . }}'),
    image_url: optionalText,
    thumb_url: optionalText,
    link_names: z.boolean().default(false),
    actions: z
      .array(z.strictObject({ type: optionalText, text: optionalText, url: optionalText, msg: optionalText }))
      .optional(),
  }),
  function* (config) {
    if (isSet(config.token) && isSet(config.token_file)) yield 'at most one of token & token_file must be configured'
    if (isSet(config.token_id) && isSet(config.token_id_file))
      yield 'at most one of token_id & token_id_file must be configured'
  },
)

/** Read and checked; sending is not built yet. */
export const rocketchat = defineReceiver<z.infer<typeof schema>>({
  name: 'rocketchat',
  key: 'rocketchat_configs',
  schema,
  unsupported: 'rocketchat_configs are not supported yet: their notifications fail',
  complete(config, global, report) {
    const hasId = isSet(config.token_id) || isSet(config.token_id_file)
    const hasToken = isSet(config.token) || isSet(config.token_file)
    if (!hasId && !isSet(global.rocketchat_token_id) && !isSet(global.rocketchat_token_id_file)) {
      report('no global Rocketchat TokenID set either inline or in a file')
    }
    if (!hasToken && !isSet(global.rocketchat_token) && !isSet(global.rocketchat_token_file)) {
      report('no global Rocketchat Token set either inline or in a file')
    }
    return {
      ...config,
      http_config: config.http_config ?? global.http_config,
      api_url: config.api_url ?? global.rocketchat_api_url,
      ...(!hasId && { token_id: global.rocketchat_token_id, token_id_file: global.rocketchat_token_id_file }),
      ...(!hasToken && { token: global.rocketchat_token, token_file: global.rocketchat_token_file }),
    }
  },
})
