import { z } from 'zod'
import { checked, text, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    api_url: url.optional(),
    message: z.string().default('{{ template "webex.default.message" . }}'),
    room_id: text,
  }),
  function* (config) {
    if (config.room_id === '') yield 'missing room_id on webex_config'
    if (!config.http_config?.authorization) yield 'missing webex_configs.http_config.authorization'
  },
)

/** Read and checked; sending is not built yet. */
export const webex = defineReceiver<z.infer<typeof schema>>({
  name: 'webex',
  key: 'webex_configs',
  schema,
  unsupported: 'webex_configs are not supported yet: their notifications fail',
  complete: (config, global) => ({ ...config, api_url: config.api_url ?? global.webex_api_url }),
})
