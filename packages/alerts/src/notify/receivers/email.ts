import { z } from 'zod'
import { checked, hostPort, isSet, optionalText, secret, stringMap, text } from '../../config/fields.ts'
import { tlsConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(false),
    to: text,
    from: optionalText,
    hello: optionalText,
    smarthost: hostPort.optional(),
    auth_username: optionalText,
    auth_password: secret.optional(),
    auth_password_file: optionalText,
    auth_secret: secret.optional(),
    auth_secret_file: optionalText,
    auth_identity: optionalText,
    headers: stringMap.optional(),
    html: z.string().default('{{ template "email.default.html" . }}'),
    text: optionalText,
    require_tls: z.boolean().optional(),
    tls_config: tlsConfig.optional(),
    force_implicit_tls: z.boolean().optional(),
    threading: z
      .strictObject({ enabled: z.boolean().default(false), thread_by_date: z.string().default('daily') })
      .optional(),
  }),
  function* (config) {
    if (config.to === '') yield 'missing to address in email config'
    const seen = new Set<string>()
    for (const name of Object.keys(config.headers ?? {})) {
      const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
      if (seen.has(canonical)) yield `duplicate header ${JSON.stringify(canonical)} in email config`
      seen.add(canonical)
    }
    if (isSet(config.auth_password) && isSet(config.auth_password_file))
      yield 'at most one of auth_password & auth_password_file must be configured'
    if (isSet(config.auth_secret) && isSet(config.auth_secret_file))
      yield 'at most one of auth_secret & auth_secret_file must be configured'
  },
)

/** Read and checked; sending is not built yet. */
export const email = defineReceiver<z.infer<typeof schema>>({
  name: 'email',
  key: 'email_configs',
  schema,
  unsupported: 'email_configs are not supported yet: their notifications fail',
  complete(config, global, report) {
    if (!config.smarthost && !global.smtp_smarthost) report('no global SMTP smarthost set')
    if (!config.from && !global.smtp_from) report('no global SMTP from set')
    const hasPassword = isSet(config.auth_password) || isSet(config.auth_password_file)
    const hasSecret = isSet(config.auth_secret) || isSet(config.auth_secret_file)
    return {
      ...config,
      from: config.from || global.smtp_from,
      hello: config.hello || global.smtp_hello,
      smarthost: config.smarthost || global.smtp_smarthost,
      auth_username: config.auth_username || global.smtp_auth_username,
      ...(!hasPassword && {
        auth_password: global.smtp_auth_password,
        auth_password_file: global.smtp_auth_password_file,
      }),
      ...(!hasSecret && { auth_secret: global.smtp_auth_secret, auth_secret_file: global.smtp_auth_secret_file }),
      auth_identity: config.auth_identity || global.smtp_auth_identity,
      require_tls: config.require_tls ?? global.smtp_require_tls,
      tls_config: config.tls_config ?? global.smtp_tls_config,
    }
  },
})
