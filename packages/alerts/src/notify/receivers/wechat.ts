import { z } from 'zod'
import { checked, isSet, optionalText, secret, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

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

/** Read and checked; sending is not built yet. */
export const wechat = defineReceiver<z.infer<typeof schema>>({
  name: 'wechat',
  key: 'wechat_configs',
  schema,
  unsupported: 'wechat_configs are not supported yet: their notifications fail',
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
})
