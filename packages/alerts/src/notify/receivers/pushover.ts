import { z } from 'zod'
import { checked, goDuration, isSet, optionalText, secret } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    user_key: secret.optional(),
    user_key_file: optionalText,
    token: secret.optional(),
    token_file: optionalText,
    title: z.string().default('{{ template "pushover.default.title" . }}'),
    message: z.string().default('{{ template "pushover.default.message" . }}'),
    url: z.string().default('{{ template "pushover.default.url" . }}'),
    url_title: optionalText,
    device: optionalText,
    sound: optionalText,
    priority: z.string().default('{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'),
    retry: goDuration.default('1m0s'),
    expire: goDuration.default('1h0m0s'),
    ttl: goDuration.optional(),
    html: z.boolean().optional(),
    monospace: z.boolean().optional(),
  }),
  function* (config) {
    if (!isSet(config.user_key) && !isSet(config.user_key_file))
      yield 'one of user_key or user_key_file must be configured'
    if (isSet(config.user_key) && isSet(config.user_key_file))
      yield 'at most one of user_key & user_key_file must be configured'
    if (!isSet(config.token) && !isSet(config.token_file)) yield 'one of token or token_file must be configured'
    if (isSet(config.token) && isSet(config.token_file)) yield 'at most one of token & token_file must be configured'
    if (config.html && config.monospace) yield 'at most one of monospace & html must be configured'
  },
)

/** Read and checked; sending is not built yet. */
export const pushover = defineReceiver<z.infer<typeof schema>>({
  name: 'pushover',
  key: 'pushover_configs',
  schema,
  unsupported: 'pushover_configs are not supported yet: their notifications fail',
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
})
