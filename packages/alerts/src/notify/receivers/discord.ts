import { z } from 'zod'
import { checked, isSet, optionalText, secretUrl } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import { truncateRunes } from '../truncate.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    webhook_url: secretUrl.optional(),
    webhook_url_file: optionalText,
    content: z.string().default('{{ template "discord.default.content" . }}'),
    title: z.string().default('{{ template "discord.default.title" . }}'),
    message: z.string().default('{{ template "discord.default.message" . }}'),
    username: optionalText,
    avatar_url: optionalText,
  }),
  function* (config) {
    if (!isSet(config.webhook_url) && !isSet(config.webhook_url_file)) {
      yield 'one of webhook_url or webhook_url_file must be configured'
    }
    if (isSet(config.webhook_url) && isSet(config.webhook_url_file)) {
      yield 'at most one of webhook_url & webhook_url_file must be configured'
    }
  },
)

// Discord's limits, in characters.
const MAX_CONTENT = 2000
const MAX_TITLE = 256
const MAX_DESCRIPTION = 4096

const RED = 0x992d22
const GREEN = 0x2ecc71

export const discord = defineReceiver<z.infer<typeof schema>>({
  name: 'discord',
  key: 'discord_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create(config, { http, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, isFiring, signal }) {
        const expand = templates.expander(data)
        const message = {
          content: truncateRunes(expand(config.content), MAX_CONTENT).text,
          embeds: [
            {
              title: truncateRunes(expand(config.title), MAX_TITLE).text,
              description: truncateRunes(expand(config.message), MAX_DESCRIPTION).text,
              color: isFiring ? RED : GREEN,
            },
          ],
          ...omitEmpty({ username: config.username, avatar_url: config.avatar_url }),
        }
        const url = config.webhook_url?.reveal() ?? (await readSecret(config.webhook_url_file)) ?? ''
        await client.post({ url, body: goJson(message) + '\n', signal, retryStatuses: [429] })
      },
    }
  },
})
