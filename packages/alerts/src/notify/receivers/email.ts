import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { z } from 'zod'
import { checked, hostPort, isSet, optionalText, secret, stringMap, text } from '../../config/fields.ts'
import { tlsConfig } from '../../config/http-config.ts'
import { parseAddresses } from '../email/addresses.ts'
import { buildMail } from '../email/message.ts'
import { sendMail } from '../email/smtp.ts'
import type { Credentials, SmtpServer } from '../email/smtp.ts'
import { hashKey } from '../hash-key.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import type { Notification } from '../notifier.ts'
import { NotifyError } from '../notify-error.ts'
import type { Expander } from '../template/notification-templates.ts'
import { tlsOptions } from '../tls-options.ts'

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
    const seen = new Set<string>()
    for (const name of Object.keys(config.headers ?? {})) {
      const canonical = canonicalHeader(name)
      if (seen.has(canonical)) yield `duplicate header ${JSON.stringify(canonical)} in email config`
      seen.add(canonical)
    }
    if (isSet(config.auth_password) && isSet(config.auth_password_file))
      yield 'at most one of auth_password & auth_password_file must be configured'
    if (isSet(config.auth_secret) && isSet(config.auth_secret_file))
      yield 'at most one of auth_secret & auth_secret_file must be configured'
  },
)

type EmailConfig = z.infer<typeof schema>

const DEFAULT_SUBJECT = '{{ template "email.default.subject" . }}'
/** Ours: upstream sends no text part unless one is configured. */
const DEFAULT_TEXT = '{{ template "email.default.text" . }}'
const TLS_PORT = '465'

/** Sends one mail per notification through an SMTP server. */
export const email = defineReceiver<EmailConfig>({
  name: 'email',
  key: 'email_configs',
  schema,
  missing(config, global) {
    const host = (config.smarthost || global.smtp_smarthost || '').replace(/:\d*$/, '')
    return [
      ...(config.to === '' ? ['to'] : []),
      ...(host === '' ? ['smarthost'] : []),
      ...(config.from || global.smtp_from ? [] : ['from']),
    ]
  },
  complete(config, global, report) {
    if (config.to === '') report('missing to address in email config')
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
      force_implicit_tls: config.force_implicit_tls ?? global.smtp_force_implicit_tls,
    }
  },
  create(config, { logger, templates }) {
    return {
      async notify(notification) {
        const expand = templates.expander(notification.data)
        const from = await addressesOf('from', config.from ?? '', expand)
        if (from.length !== 1) {
          throw new NotifyError(`must be exactly one 'from' address (got: ${from.length})`, { canRetry: false })
        }
        const to = await addressesOf('to', config.to, expand)
        const html = named('execute html template', () => templates.htmlExpander(notification.data)(config.html))
        const text = named('execute text template', () => expand(config.text ?? DEFAULT_TEXT))
        const message = await buildMail({
          headers: expandHeaders(config, expand),
          messageId: `<${notification.nowMs}.${randomBytes(8).toString('hex')}@${hostname()}>`,
          threadId: threadIdOf(config, notification),
          dateMs: notification.nowMs,
          text,
          html,
        })
        const refused = await sendMail(await serverOf(config), {
          envelope: { from: from[0].address, to: to.map(({ address }) => address) },
          message,
          credentials: () => readCredentials(config),
          signal: notification.signal,
        })
        if (refused.length > 0) {
          logger.warn({ groupKey: notification.groupKey, refused }, 'the mail server refused some recipients')
        }
      },
    }
  },
})

function canonicalHeader(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}

async function addressesOf(what: string, template: string, expand: Expander) {
  const text = named(`execute '${what}' template`, () => expand(template))
  try {
    return await parseAddresses(text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new NotifyError(`parse '${what}' addresses: ${message}`, { canRetry: false, cause })
  }
}

function expandHeaders(config: EmailConfig, expand: Expander): readonly (readonly [string, string])[] {
  const headers = new Map([
    ['Subject', DEFAULT_SUBJECT],
    ['To', config.to],
    ['From', config.from ?? ''],
  ])
  for (const [name, template] of Object.entries(config.headers ?? {})) headers.set(canonicalHeader(name), template)
  return [...headers].map(([name, template]) => [
    name,
    named(`execute ${JSON.stringify(name)} header template`, () => expand(template)),
  ])
}

/** Says which template of the settings it was. */
function named<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error
    const { canRetry, reason } = error
    throw new NotifyError(`${what}: ${error.message}`, { canRetry, reason, cause: error })
  }
}

/**
 * A message id that no mail has: clients put all mails that answer to it into one thread. With `daily` (the default) a group's
 * thread lasts for a day.
 */
function threadIdOf({ threading }: EmailConfig, { groupKey, nowMs }: Notification): string | undefined {
  if (!threading?.enabled) return undefined
  const day = threading.thread_by_date === 'none' ? '' : new Date(nowMs).toISOString().slice(0, 10)
  const hash = hashKey(groupKey).slice(0, 16)
  return `<alert-${hash}-${day}@alertmanager>`
}

async function serverOf(config: EmailConfig): Promise<SmtpServer> {
  const [, host, port] = /^(.*):([^:]*)$/.exec(config.smarthost ?? '') ?? [undefined, '', '']
  const bare = host.replace(/^\[|\]$/g, '')
  const tls = await tlsOptions(config.tls_config)
  return {
    host: bare,
    port: Number(port),
    hello: config.hello || 'localhost',
    isImplicitTls: config.force_implicit_tls ?? port === TLS_PORT,
    requireTls: config.require_tls ?? true,
    tls: { ...(isIP(bare) === 0 && { servername: bare }), ...tls },
  }
}

async function readCredentials(config: EmailConfig): Promise<Credentials> {
  return {
    username: config.auth_username ?? '',
    password: config.auth_password?.reveal() || ((await readSecret(config.auth_password_file)) ?? ''),
    secret: config.auth_secret?.reveal() || ((await readSecret(config.auth_secret_file)) ?? ''),
    identity: config.auth_identity ?? '',
  }
}
