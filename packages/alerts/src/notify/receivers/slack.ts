import { z } from 'zod'
import {
  checked,
  goDuration,
  goDurationMs,
  isSet,
  optionalText,
  secret,
  secretUrl,
  text,
  url,
} from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import { NotifyError } from '../notify-error.ts'
import { truncateRunes } from '../truncate.ts'

const confirmation = checked(
  z.strictObject({ text, title: optionalText, ok_text: optionalText, dismiss_text: optionalText }),
  function* (field) {
    if (field.text === '') yield 'missing text in Slack confirmation configuration'
  },
)

const action = checked(
  z.strictObject({
    type: text,
    text,
    url: optionalText,
    style: optionalText,
    name: optionalText,
    value: optionalText,
    confirm: confirmation.optional(),
  }),
  function* (field) {
    if (field.type === '') yield 'missing type in Slack action configuration'
    if (field.text === '') yield 'missing text in Slack action configuration'
    if (!field.url && !field.name) yield 'missing name or url in Slack action configuration'
  },
).transform((field) => (field.url ? { ...field, name: undefined, value: undefined, confirm: undefined } : field))

const field = checked(
  z.strictObject({ title: text, value: text, short: z.boolean().optional() }),
  function* ({ title, value }) {
    if (title === '') yield 'missing title in Slack field configuration'
    if (value === '') yield 'missing value in Slack field configuration'
  },
)

const named = (name: string): string => `{{ template "slack.default.${name}" . }}`

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(false),
    http_config: httpConfig.optional(),
    api_url: secretUrl.optional(),
    api_url_file: optionalText,
    app_token: secret.optional(),
    app_token_file: optionalText,
    app_url: url.optional(),
    channel: optionalText,
    username: z.string().default(named('username')),
    color: z.string().default('{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'),
    title: z.string().default(named('title')),
    title_link: z.string().default(named('titlelink')),
    pretext: z.string().default(named('pretext')),
    text: z.string().default(named('text')),
    fields: z.array(field).optional(),
    short_fields: z.boolean().default(false),
    footer: z.string().default(named('footer')),
    fallback: z.string().default(named('fallback')),
    callback_id: z.string().default(named('callbackid')),
    icon_emoji: z.string().default(named('iconemoji')),
    icon_url: z.string().default(named('iconurl')),
    image_url: optionalText,
    thumb_url: optionalText,
    link_names: z.boolean().default(false),
    mrkdwn_in: z.array(z.string()).optional(),
    actions: z.array(action).optional(),
    message_text: optionalText,
    timeout: goDuration.default('0s'),
  }),
  function* (config) {
    if (isSet(config.api_url) && isSet(config.api_url_file)) {
      yield 'at most one of api_url & api_url_file must be configured'
    }
    if (isSet(config.app_token) && isSet(config.app_token_file)) {
      yield 'at most one of app_token & app_token_file must be configured'
    }
    const hasUrl = isSet(config.api_url) || isSet(config.api_url_file)
    if (hasUrl && (isSet(config.app_token) || isSet(config.app_token_file))) {
      yield 'at most one of app_token/app_token_file & api_url/api_url_file must be configured'
    }
  },
)

/** Slack counts characters; longer titles are refused. */
const MAX_TITLE_RUNES = 1024

/** Posts one attachment, through an incoming webhook or with an app's token. */
export const slack = defineReceiver<z.infer<typeof schema>>({
  name: 'slack',
  key: 'slack_configs',
  schema,
  complete(config, global, report) {
    const completed = { ...config, http_config: config.http_config ?? global.http_config }
    if (isSet(config.api_url) || isSet(config.api_url_file)) return completed
    completed.app_url ??= global.slack_app_url
    if (isSet(config.app_token) || isSet(config.app_token_file)) return completed
    if (isSet(global.slack_app_token) || isSet(global.slack_app_token_file)) {
      return { ...completed, app_token: global.slack_app_token, app_token_file: global.slack_app_token_file }
    }
    if (!isSet(global.slack_api_url) && !isSet(global.slack_api_url_file)) {
      report('no Slack API URL nor App token set either inline or in a file')
    }
    return { ...completed, app_url: undefined, api_url: global.slack_api_url, api_url_file: global.slack_api_url_file }
  },
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    const timeoutMs = goDurationMs(config.timeout)
    return {
      async notify({ data, groupKey, signal }) {
        const expand = templates.expander(data)
        const title = truncateRunes(expand(config.title), MAX_TITLE_RUNES)
        if (title.isTruncated) logger.warn({ groupKey, maxRunes: MAX_TITLE_RUNES }, 'Truncated title')
        const attachment = {
          ...omitEmpty({
            title: title.text,
            title_link: expand(config.title_link),
            pretext: expand(config.pretext),
          }),
          text: expand(config.text),
          fallback: expand(config.fallback),
          callback_id: expand(config.callback_id),
          ...omitEmpty({
            fields: config.fields?.map((item) => ({
              title: expand(item.title),
              value: expand(item.value),
              short: item.short ?? config.short_fields,
            })),
            actions: config.actions?.map((item) =>
              omitEmpty({
                type: expand(item.type),
                text: expand(item.text),
                url: expand(item.url ?? ''),
                style: expand(item.style ?? ''),
                name: expand(item.name ?? ''),
                value: expand(item.value ?? ''),
                confirm:
                  item.confirm &&
                  omitEmpty({
                    text: expand(item.confirm.text),
                    title: expand(item.confirm.title ?? ''),
                    ok_text: expand(item.confirm.ok_text ?? ''),
                    dismiss_text: expand(item.confirm.dismiss_text ?? ''),
                  }),
              }),
            ),
            image_url: expand(config.image_url ?? ''),
            thumb_url: expand(config.thumb_url ?? ''),
          }),
          footer: expand(config.footer),
          ...omitEmpty({
            color: expand(config.color),
            mrkdwn_in: config.mrkdwn_in?.length ? config.mrkdwn_in : ['fallback', 'pretext', 'text'],
          }),
        }
        const channel = expand(config.channel ?? '')
        const message = {
          ...omitEmpty({
            channel,
            username: expand(config.username),
            icon_emoji: expand(config.icon_emoji),
            icon_url: expand(config.icon_url),
            link_names: config.link_names,
            text: expand(config.message_text ?? ''),
          }),
          attachments: [attachment],
        }
        const token = config.app_token?.reveal() ?? (await readSecret(config.app_token_file))
        const address =
          token === undefined ? (config.api_url?.reveal() ?? (await readSecret(config.api_url_file))) : config.app_url
        try {
          const reply = await client.post({
            url: address ?? '',
            body: goJson(message) + '\n',
            signal,
            timeoutMs,
            ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
          })
          checkAnswer(String(reply.headers['content-type'] ?? ''), reply.body.toString('utf8'))
        } catch (error) {
          if (!(error instanceof NotifyError)) throw error
          const { canRetry, reason } = error
          throw new NotifyError(`channel ${JSON.stringify(channel)}: ${error.message}`, {
            canRetry,
            reason,
            cause: error,
          })
        }
      },
    }
  },
})

/** Slack may refuse with status 200: a webhook says `ok` when all is well, the API `{"ok": true}`. */
function checkAnswer(contentType: string, body: string): void {
  const refuse = (message: string, canRetry = false): never => {
    throw new NotifyError(message, { canRetry, reason: 'clientError' })
  }
  if (!contentType.startsWith('application/json')) {
    if (body !== 'ok') refuse(`received an error response from Slack: ${body}`)
    return
  }
  const answer = parseAnswer(body)
  if (!answer) refuse(`could not unmarshal JSON response ${JSON.stringify(body)}`, true)
  else if (answer.ok !== true) refuse(`error response from Slack: ${String(answer.error ?? '')}`)
}

function parseAnswer(body: string): { ok?: unknown; error?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
