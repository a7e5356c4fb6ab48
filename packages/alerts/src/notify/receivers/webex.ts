import { z } from 'zod'
import { checked, text, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { defineReceiver } from '../notifier.ts'
import { truncateBytes } from '../truncate.ts'

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

/** Posts one Markdown message per notification to a room. */
export const webex = defineReceiver<z.infer<typeof schema>>({
  name: 'webex',
  key: 'webex_configs',
  schema,
  complete: (config, global) => ({ ...config, api_url: config.api_url ?? global.webex_api_url }),
  create(config, { http, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, signal }) {
        const expand = templates.expander(data)
        const markdown = truncateBytes(expand(config.message), MAX_MESSAGE_BYTES).text
        const message = { markdown, ...omitEmpty({ roomId: expand(config.room_id) }) }
        await client.post({ url: config.api_url!, body: goJson(message) + '\n', signal })
      },
    }
  },
})

const MAX_MESSAGE_BYTES = 7439
