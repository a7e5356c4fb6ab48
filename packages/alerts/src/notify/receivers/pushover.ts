import { z } from 'zod'
import { checked, goDuration, goDurationMs, isSet, optionalText, secret } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import type { Notifier, NotifierOptions } from '../notifier.ts'
import { truncateRunes } from '../truncate.ts'

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

/** Sends one push message per notification. */
export const pushover = defineReceiver<z.infer<typeof schema>>({
  name: 'pushover',
  key: 'pushover_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create: (config, options) => createPushover(config, options, API_URL),
})

type PushoverConfig = z.infer<typeof schema>

const API_URL = 'https://api.pushover.net/1/messages.json'
// Pushover's limits, in characters.
const MAX_TITLE_RUNES = 250
const MAX_MESSAGE_RUNES = 1024
const MAX_URL_RUNES = 512

/** The API has one address; tests have another. */
export function createPushover(config: PushoverConfig, options: NotifierOptions, apiUrl: string): Notifier {
  const { http, logger, templates } = options
  const client = http(config.http_config!)
  return {
    async notify({ data, groupKey, signal }) {
      const expand = templates.expander(data)
      const cut = (what: string, text: string, maxRunes: number): string => {
        const result = truncateRunes(text, maxRunes)
        if (result.isTruncated) logger.warn({ groupKey, maxRunes }, `Truncated ${what}`)
        return result.text
      }
      const token = config.token?.reveal() ?? (await readSecret(config.token_file)) ?? ''
      const user = config.user_key?.reveal() ?? (await readSecret(config.user_key_file)) ?? ''
      const body = (config.html ? templates.htmlExpander(data) : expand)(config.message)
      const parameters = new URLSearchParams({
        token: expand(token),
        user: expand(user),
        title: cut('title', expand(config.title), MAX_TITLE_RUNES),
        ...(config.html && { html: '1' }),
        ...(config.monospace && { monospace: '1' }),
        // An empty message is refused.
        message: cut('message', body, MAX_MESSAGE_RUNES).trim() || '(no details)',
        url: cut('URL', expand(config.url), MAX_URL_RUNES),
        url_title: expand(config.url_title ?? ''),
        priority: expand(config.priority),
        retry: String(seconds(config.retry)),
        expire: String(seconds(config.expire)),
        device: expand(config.device ?? ''),
        sound: expand(config.sound ?? ''),
        ...(seconds(config.ttl ?? '0s') > 0 && { ttl: String(seconds(config.ttl ?? '0s')) }),
      })
      parameters.sort()
      const headers = { 'content-type': 'text/plain; charset=UTF-8' }
      await client.post({ url: `${apiUrl}?${parameters}`, body: '', headers, signal })
    },
  }
}

function seconds(duration: string): number {
  return Math.floor(goDurationMs(duration) / 1000)
}
