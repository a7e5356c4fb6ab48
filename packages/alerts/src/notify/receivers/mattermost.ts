import { z } from 'zod'
import { checked, isSet, optionalText, secretUrl } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    webhook_url: secretUrl.optional(),
    webhook_url_file: optionalText,
    channel: optionalText,
    username: optionalText,
    text: z.string().default('{{ template "mattermost.default.text" . }}'),
    icon_url: optionalText,
    icon_emoji: optionalText,
    attachments: z.array(z.record(z.string(), z.unknown())).optional(),
    type: optionalText,
    props: z.strictObject({ card: optionalText }).optional(),
    priority: z
      .strictObject({
        priority: optionalText,
        requested_ack: z.boolean().optional(),
        persistent_notifications: z.boolean().optional(),
      })
      .optional(),
  }),
  function* (config) {
    if (isSet(config.webhook_url) && isSet(config.webhook_url_file))
      yield 'at most one of webhook_url & webhook_url_file must be configured'
  },
)

/** Read and checked; sending is not built yet. */
export const mattermost = defineReceiver<z.infer<typeof schema>>({
  name: 'mattermost',
  key: 'mattermost_configs',
  schema,
  unsupported: 'mattermost_configs are not supported yet: their notifications fail',
  complete(config, global, report) {
    const completed = { ...config, http_config: config.http_config ?? global.http_config }
    if (isSet(config.webhook_url) || isSet(config.webhook_url_file)) return completed
    if (!isSet(global.mattermost_webhook_url) && !isSet(global.mattermost_webhook_url_file)) {
      report('no global Mattermost Webhook URL set either inline or in a file')
    }
    return {
      ...completed,
      webhook_url: global.mattermost_webhook_url,
      webhook_url_file: global.mattermost_webhook_url_file,
    }
  },
})
