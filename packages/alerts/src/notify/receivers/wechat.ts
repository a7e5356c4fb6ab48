import { z } from 'zod'
import { checked, isSet, optionalText, secret, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson, omitEmpty } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import type { JsonClient } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { defineReceiver } from '../notifier.ts'
import type { Notification } from '../notifier.ts'
import type { Expander } from '../template/notification-templates.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(false),
    http_config: httpConfig.optional(),
    api_secret: secret.optional(),
    api_secret_file: optionalText,
    corp_id: optionalText,
    message: z.string().default('{{ template "wechat.default.message" . }}'),
    api_url: url.optional(),
    to_user: z.string().default('{{ template "wechat.default.to_user" . }}'),
    to_party: z.string().default('{{ template "wechat.default.to_party" . }}'),
    to_tag: z.string().default('{{ template "wechat.default.to_tag" . }}'),
    agent_id: z.string().default('{{ template "wechat.default.agent_id" . }}'),
    message_type: z.string().default('text'),
  }),
  function* (config) {
    if (!/^(text|markdown)$/.test(config.message_type)) {
      yield `weChat message type ${JSON.stringify(config.message_type)} does not match valid options ^(text|markdown)$`
    }
    if (isSet(config.api_secret) && isSet(config.api_secret_file))
      yield 'at most one of api_secret & api_secret_file must be configured'
  },
)

/** Sends one message per notification through WeChat Work; its token is fetched anew every two hours. */
export const wechat = defineReceiver<z.infer<typeof schema>>({
  name: 'wechat',
  key: 'wechat_configs',
  schema,
  complete(config, global, report) {
    const hasSecret = isSet(config.api_secret) || isSet(config.api_secret_file)
    if (!hasSecret && !isSet(global.wechat_api_secret) && !isSet(global.wechat_api_secret_file)) {
      report('no global Wechat Api Secret set either inline or in a file')
    }
    if (!isSet(config.corp_id) && !isSet(global.wechat_api_corp_id)) report('no global Wechat CorpID set')
    return {
      ...config,
      http_config: config.http_config ?? global.http_config,
      ...(!hasSecret && { api_secret: global.wechat_api_secret, api_secret_file: global.wechat_api_secret_file }),
      corp_id: config.corp_id || global.wechat_api_corp_id,
      api_url: (config.api_url ?? global.wechat_api_url).replace(/\/?$/, '/'),
    }
  },
  create(config, { http, templates }) {
    const client = http(config.http_config!)
    let token: { readonly value: string; readonly atMs: number } | undefined
    return {
      async notify(notification) {
        const { data, nowMs, signal } = notification
        const expand = templates.expander(data)
        if (!token || nowMs - token.atMs > TOKEN_AGE_MS) {
          token = { value: await fetchToken(config, client, notification, expand), atMs: nowMs }
        }
        const url = `${config.api_url}message/send?access_token=${encodeURIComponent(token.value)}`
        const reply = await client.post({ url, body: goJson(messageOf(config, expand)) + '\n', signal })
        const { errcode = 0, errmsg = '' } = parseAnswer(reply.body.toString('utf8'))
        if (errcode === 0) return
        const isExpired = errcode === EXPIRED_TOKEN
        if (isExpired) token = undefined
        throw new NotifyError(errmsg, { canRetry: isExpired })
      },
    }
  },
})

type WechatConfig = z.infer<typeof schema>

interface Answer {
  readonly access_token?: string
  readonly errcode?: number
  readonly errmsg?: string
}

const TOKEN_AGE_MS = 2 * 3_600_000
const EXPIRED_TOKEN = 42_001

async function fetchToken(
  config: WechatConfig,
  client: JsonClient,
  { signal }: Notification,
  expand: Expander,
): Promise<string> {
  const secretText = config.api_secret?.reveal() ?? (await readSecret(config.api_secret_file)) ?? ''
  const query = new URLSearchParams({ corpid: expand(config.corp_id ?? ''), corpsecret: expand(secretText) })
  const reply = await client.post({ url: `${config.api_url}gettoken?${query}`, method: 'GET', body: '', signal })
  const { access_token: value } = parseAnswer(reply.body.toString('utf8'))
  if (value) return value
  throw new NotifyError(`invalid APISecret for CorpID: ${config.corp_id ?? ''}`, { canRetry: false })
}

/** Upstream writes both contents, the one that is not used empty. */
function messageOf(config: WechatConfig, expand: Expander): object {
  const content = expand(config.message)
  const isMarkdown = config.message_type === 'markdown'
  return {
    text: { content: isMarkdown ? '' : content },
    ...omitEmpty({
      touser: expand(config.to_user),
      toparty: expand(config.to_party),
      totag: expand(config.to_tag),
      agentid: expand(config.agent_id),
    }),
    safe: '0',
    msgtype: config.message_type,
    markdown: { content: isMarkdown ? content : '' },
  }
}

function parseAnswer(body: string): Answer {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch (cause) {
    throw new NotifyError(`WeChat answered with something else than JSON: ${body.slice(0, 200)}`, {
      canRetry: true,
      cause,
    })
  }
}
