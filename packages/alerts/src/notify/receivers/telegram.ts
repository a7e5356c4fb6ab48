import { z } from 'zod'
import { checked, isSet, optionalText, secret, url, whole } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import { truncateRunes } from '../truncate.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    api_url: url.optional(),
    bot_token: secret.optional(),
    bot_token_file: optionalText,
    chat_id: whole.optional(),
    chat_id_file: optionalText,
    message_thread_id: whole.optional(),
    message: z.string().default('{{ template "telegram.default.message" . }}'),
    disable_notifications: z.boolean().default(false),
    parse_mode: z.string().default('HTML'),
  }),
  function* (config) {
    if (isSet(config.bot_token) && isSet(config.bot_token_file)) {
      yield 'at most one of bot_token & bot_token_file must be configured'
    }
    if (!config.chat_id && !isSet(config.chat_id_file)) yield 'missing chat_id or chat_id_file on telegram_config'
    if (config.chat_id && isSet(config.chat_id_file)) yield 'at most one of chat_id & chat_id_file must be configured'
    if (!['', 'Markdown', 'MarkdownV2', 'HTML'].includes(config.parse_mode)) {
      yield 'unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string'
    }
  },
)

const MAX_MESSAGE_RUNES = 4096

/** Sends one message per notification through the Bot API. */
export const telegram = defineReceiver<z.infer<typeof schema>>({
  name: 'telegram',
  key: 'telegram_configs',
  schema,
  complete(config, global, report) {
    const completed = {
      ...config,
      http_config: config.http_config ?? global.http_config,
      api_url: config.api_url ?? global.telegram_api_url,
    }
    if (isSet(config.bot_token) || isSet(config.bot_token_file)) return completed
    if (!isSet(global.telegram_bot_token) && !isSet(global.telegram_bot_token_file)) {
      report('missing bot_token or bot_token_file on telegram_config')
    }
    return { ...completed, bot_token: global.telegram_bot_token, bot_token_file: global.telegram_bot_token_file }
  },
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, groupKey, signal }) {
        // Where Telegram reads HTML, labels must not be able to write any.
        const expand = config.parse_mode === 'HTML' ? templates.htmlExpander(data) : templates.expander(data)
        const message = truncateRunes(expand(config.message), MAX_MESSAGE_RUNES)
        if (message.isTruncated) logger.warn({ groupKey, maxRunes: MAX_MESSAGE_RUNES }, 'Truncated message')
        const token = config.bot_token?.reveal() ?? (await readSecret(config.bot_token_file)) ?? ''
        const chat = config.chat_id ?? (await readSecret(config.chat_id_file)) ?? ''
        const body = {
          chat_id: String(chat),
          ...(config.disable_notifications && { disable_notification: 'true' }),
          disable_web_page_preview: 'true',
          ...(config.message_thread_id && { message_thread_id: String(config.message_thread_id) }),
          ...(config.parse_mode !== '' && { parse_mode: config.parse_mode }),
          text: message.text,
        }
        const base = config.api_url!.replace(/\/$/, '')
        await client.post({ url: `${base}/bot${token}/sendMessage`, body: goJson(body), signal, retryStatuses: [429] })
      },
    }
  },
})
