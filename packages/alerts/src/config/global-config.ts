import { z } from 'zod'
import { checked, duration, hostPort, isSet, optionalText, secret, secretUrl, url } from './fields.ts'
import { httpConfig, tlsConfig } from './http-config.ts'

/** The `global` section with upstream's defaults, keys in the order in which upstream prints them. */
export const globalConfig = checked(
  z.strictObject({
    resolve_timeout: duration.default('5m'),
    http_config: httpConfig.default({ follow_redirects: true, enable_http2: true }),
    jira_api_url: url.optional(),
    smtp_from: optionalText,
    smtp_hello: z.string().default('localhost'),
    smtp_smarthost: hostPort.optional(),
    smtp_auth_username: optionalText,
    smtp_auth_password: secret.optional(),
    smtp_auth_password_file: optionalText,
    smtp_auth_secret: secret.optional(),
    smtp_auth_secret_file: optionalText,
    smtp_auth_identity: optionalText,
    smtp_require_tls: z.boolean().default(true),
    smtp_tls_config: tlsConfig.default({ insecure_skip_verify: false }),
    smtp_force_implicit_tls: z.boolean().optional(),
    slack_api_url: secretUrl.optional(),
    slack_api_url_file: optionalText,
    slack_app_token: secret.optional(),
    slack_app_token_file: optionalText,
    slack_app_url: url.default('https://slack.com/api/chat.postMessage'),
    pagerduty_url: url.default('https://events.pagerduty.com/v2/enqueue'),
    opsgenie_api_url: url.default('https://api.opsgenie.com/'),
    opsgenie_api_key: secret.optional(),
    opsgenie_api_key_file: optionalText,
    wechat_api_url: url.default('https://qyapi.weixin.qq.com/cgi-bin/'),
    wechat_api_secret: secret.optional(),
    wechat_api_secret_file: optionalText,
    wechat_api_corp_id: optionalText,
    victorops_api_url: url.default('https://alert.victorops.com/integrations/generic/20131114/alert/'),
    victorops_api_key: secret.optional(),
    victorops_api_key_file: optionalText,
    telegram_api_url: url.default('https://api.telegram.org'),
    telegram_bot_token: secret.optional(),
    telegram_bot_token_file: optionalText,
    webex_api_url: url.default('https://webexapis.com/v1/messages'),
    rocketchat_api_url: url.default('https://open.rocket.chat/'),
    rocketchat_token: secret.optional(),
    rocketchat_token_file: optionalText,
    rocketchat_token_id: secret.optional(),
    rocketchat_token_id_file: optionalText,
    mattermost_webhook_url: secretUrl.optional(),
    mattermost_webhook_url_file: optionalText,
  }),
  function* (global) {
    for (const [key, file] of EXCLUSIVE) {
      if (isSet(global[key]) && isSet(global[file])) yield `at most one of ${key} & ${file} must be configured`
    }
  },
)

const EXCLUSIVE = [
  ['slack_api_url', 'slack_api_url_file'],
  ['slack_app_token', 'slack_app_token_file'],
  ['opsgenie_api_key', 'opsgenie_api_key_file'],
  ['victorops_api_key', 'victorops_api_key_file'],
  ['wechat_api_secret', 'wechat_api_secret_file'],
  ['telegram_bot_token', 'telegram_bot_token_file'],
  ['smtp_auth_password', 'smtp_auth_password_file'],
  ['smtp_auth_secret', 'smtp_auth_secret_file'],
  ['rocketchat_token', 'rocketchat_token_file'],
  ['rocketchat_token_id', 'rocketchat_token_id_file'],
  ['mattermost_webhook_url', 'mattermost_webhook_url_file'],
] as const

export type GlobalConfig = z.infer<typeof globalConfig>
