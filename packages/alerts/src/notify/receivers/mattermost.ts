import { z } from 'zod'
import { checked, isSet, optionalText, secretUrl } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { defineReceiver } from '../notifier.ts'
import type { Expander } from '../template/notification-templates.ts'
import { truncateRunes } from '../truncate.ts'

/** Upstream's order, which is the one on the wire. */
const TEXTS = [
  'fallback',
  'color',
  'pretext',
  'text',
  'author_name',
  'author_link',
  'author_icon',
  'title',
  'title_link',
] as const
const IMAGES = ['thumb_url', 'footer', 'footer_icon', 'image_url'] as const

const attachment = z.strictObject({
  ...(Object.fromEntries([...TEXTS, ...IMAGES].map((name) => [name, optionalText])) as Record<
    (typeof TEXTS)[number] | (typeof IMAGES)[number],
    typeof optionalText
  >),
  fields: z
    .array(z.strictObject({ title: optionalText, value: optionalText, short: z.boolean().optional() }))
    .optional(),
})

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
    attachments: z.array(attachment).optional(),
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

/** Posts one message per notification to an incoming webhook. */
export const mattermost = defineReceiver<z.infer<typeof schema>>({
  name: 'mattermost',
  key: 'mattermost_configs',
  schema,
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
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    return {
      async notify({ data, groupKey, signal }) {
        const expand = templates.expander(data)
        const url = config.webhook_url?.reveal() ?? (await readSecret(config.webhook_url_file)) ?? ''
        if (url === '') throw new NotifyError('webhook url missing', { canRetry: false })
        const text = truncateRunes(expand(config.text), MAX_TEXT_RUNES)
        if (text.isTruncated) logger.warn({ groupKey, maxRunes: MAX_TEXT_RUNES }, 'Truncated text')
        const channel = expand(config.channel ?? '')
        const card = config.props?.card ? { card: expand(config.props.card) } : undefined
        const message = {
          text: text.text,
          ...omitEmpty({
            channel,
            username: expand(config.username ?? ''),
            icon_url: expand(config.icon_url ?? ''),
            icon_emoji: expand(config.icon_emoji ?? ''),
            attachments: (config.attachments ?? []).map((item) => attachmentOf(item, expand)),
            type: expand(config.type ?? ''),
            props: card,
            priority: config.priority?.priority ? priorityOf(config.priority, expand) : undefined,
          }),
        }
        try {
          await client.post({ url, body: goJson(message) + '\n', signal })
        } catch (error) {
          if (!(error instanceof NotifyError)) throw error
          const { canRetry, reason } = error
          const why = `channel ${JSON.stringify(channel)}: ${error.message}`
          throw new NotifyError(why, { canRetry, reason, cause: error })
        }
      },
    }
  },
})

type MattermostConfig = z.infer<typeof schema>

const MAX_TEXT_RUNES = 16_383

function attachmentOf(item: z.infer<typeof attachment>, expand: Expander): object {
  const pick = (names: readonly (keyof typeof item & string)[]): object =>
    omitEmpty(Object.fromEntries(names.map((name) => [name, expand(String(item[name] ?? ''))])))
  const fields = (item.fields ?? []).map(({ short, title = '', value = '' }) => ({
    title: expand(title),
    value: expand(value),
    ...(short !== undefined && { short }),
  }))
  return { ...pick(TEXTS), ...omitEmpty({ fields }), ...pick(IMAGES) }
}

/** Only urgent messages may nag, and standard ones cannot ask for an acknowledgement. */
function priorityOf(wanted: NonNullable<MattermostConfig['priority']>, expand: Expander): object {
  const named = expand(wanted.priority ?? '').toLowerCase()
  const priority = named === 'urgent' || named === 'important' ? named : 'standard'
  return {
    priority,
    ...omitEmpty({
      requested_ack: wanted.requested_ack === true && priority !== 'standard',
      persistent_notifications: wanted.persistent_notifications === true && priority === 'urgent',
    }),
  }
}
