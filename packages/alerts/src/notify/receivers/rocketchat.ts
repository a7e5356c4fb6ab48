import { z } from 'zod'
import { checked, isSet, optionalText, secret, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { defineReceiver } from '../notifier.ts'
import type { Expander } from '../template/notification-templates.ts'
import { truncateRunes } from '../truncate.ts'

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

/** Posts one attachment per notification through the REST API. */
export const rocketchat = defineReceiver<z.infer<typeof schema>>({
  name: 'rocketchat',
  key: 'rocketchat_configs',
  schema,
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
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, groupKey, signal }) {
        const expand = templates.expander(data)
        const title = truncateRunes(expand(config.title), MAX_TITLE_RUNES)
        if (title.isTruncated) logger.warn({ groupKey, maxRunes: MAX_TITLE_RUNES }, 'Truncated title')
        const channel = expand(config.channel ?? '')
        const message = omitEmpty({
          channel,
          emoji: expand(config.emoji),
          avatar: expand(config.icon_url),
          attachments: [attachmentOf(config, title.text, expand)],
        })
        const headers = {
          'x-auth-token': config.token?.reveal() ?? (await readSecret(config.token_file)) ?? '',
          'x-user-id': config.token_id?.reveal() ?? (await readSecret(config.token_id_file)) ?? '',
        }
        const url = `${config.api_url!.replace(/\/$/, '')}/api/v1/chat.postMessage`
        try {
          const reply = await client.post({ url, body: goJson(message) + '\n', headers, signal })
          checkAnswer(reply.body.toString('utf8'))
        } catch (error) {
          if (!(error instanceof NotifyError)) throw error
          const { canRetry, reason } = error
          const text = `channel ${JSON.stringify(channel)}: ${error.message}`
          throw new NotifyError(text, { canRetry, reason, cause: error })
        }
      },
    }
  },
})

const MAX_TITLE_RUNES = 1024

function attachmentOf(config: z.infer<typeof schema>, title: string, expand: Expander): object {
  const { actions = [], fields = [], short_fields: isShort } = config
  return omitEmpty({
    title,
    title_link: expand(config.title_link),
    text: expand(config.text),
    image_url: expand(config.image_url ?? ''),
    thumb_url: expand(config.thumb_url ?? ''),
    color: expand(config.color),
    fields: fields.map((field) => ({
      short: field.short ?? isShort,
      ...omitEmpty({ title: expand(field.title ?? ''), value: expand(field.value ?? '') }),
    })),
    // The server knows no other type.
    actions: actions.map(({ msg = '', text = '', url = '' }) => ({
      type: 'button',
      ...omitEmpty({ text: expand(text), url: expand(url), msg: expand(msg) }),
    })),
  })
}

/** A refusal may come with status 200. */
function checkAnswer(body: string): void {
  let answer: { success?: unknown; error?: unknown }
  try {
    answer = JSON.parse(body) as typeof answer
  } catch (cause) {
    const message = `could not unmarshal JSON response ${JSON.stringify(body)}`
    throw new NotifyError(message, { canRetry: true, reason: 'clientError', cause })
  }
  if (answer.success === true) return
  const message = `error response from Rocketchat: ${String(answer.error ?? '')}`
  throw new NotifyError(message, { canRetry: false, reason: 'clientError' })
}
