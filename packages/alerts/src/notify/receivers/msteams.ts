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
    title: z.string().default('{{ template "msteams.default.title" . }}'),
    summary: z.string().default('{{ template "msteams.default.summary" . }}'),
    text: z.string().default('{{ template "msteams.default.text" . }}'),
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

const RED = '8C1A1A'
const GREEN = '2DC72D'

/** The connector's message card of Office 365; the newer workflows take {@link file://./msteamsv2.ts}. */
export const msteams = defineReceiver<z.infer<typeof schema>>({
  name: 'msteams',
  key: 'msteams_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create(config, { http, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, isFiring, signal }) {
        const expand = templates.expander(data)
        const card = {
          '@context': 'http://schema.org/extensions',
          type: 'MessageCard',
          title: expand(config.title),
          summary: expand(config.summary),
          text: expand(config.text),
          themeColor: isFiring ? RED : GREEN,
        }
        const url = config.webhook_url?.reveal() ?? (await readSecret(config.webhook_url_file)) ?? ''
        await client.post({ url, body: goJson(card) + '\n', signal })
      },
    }
  },
})
