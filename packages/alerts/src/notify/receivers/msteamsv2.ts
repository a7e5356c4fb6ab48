import { z } from 'zod'
import { checked, isSet, optionalText, secretUrl } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    webhook_url: secretUrl.optional(),
    webhook_url_file: optionalText,
    title: z.string().default('{{ template "msteamsv2.default.title" . }}'),
    text: z.string().default('{{ template "msteamsv2.default.text" . }}'),
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

/** An adaptive card for a Teams workflow. */
export const msteamsv2 = defineReceiver<z.infer<typeof schema>>({
  name: 'msteamsv2',
  key: 'msteamsv2_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create(config, { http, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, isFiring, signal }) {
        const expand = templates.expander(data)
        const message = {
          type: 'message',
          attachments: [
            {
              contentType: 'application/vnd.microsoft.card.adaptive',
              contentUrl: null,
              content: {
                $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
                type: 'AdaptiveCard',
                version: '1.4',
                body: [
                  {
                    type: 'TextBlock',
                    text: expand(config.title),
                    weight: 'Bolder',
                    size: 'Medium',
                    wrap: true,
                    style: 'heading',
                    color: isFiring ? 'Attention' : 'Good',
                  },
                  { type: 'TextBlock', text: expand(config.text), wrap: true },
                ],
                msteams: { width: 'full' },
              },
            },
          ],
        }
        const url = config.webhook_url?.reveal() ?? (await readSecret(config.webhook_url_file)) ?? ''
        await client.post({ url, body: goJson(message) + '\n', signal })
      },
    }
  },
})
