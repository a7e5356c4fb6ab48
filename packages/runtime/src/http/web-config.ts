import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname, resolve } from 'node:path'
import type { SecureVersion, TlsOptions } from 'node:tls'
import { loadYaml } from '../config/load-yaml.ts'
import { ConfigError } from '../system.ts'
import { isBcrypt, verifyBcrypt } from './bcrypt.ts'

/** TLS and logins of a port, as the web configuration file of Prometheus's programs says. */
export interface WebConfig {
  /** Undefined is plain HTTP. */
  readonly tls: TlsOptions | undefined
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether the request carries a known login; always when no users are named. */
  isAllowed(request: IncomingMessage): Promise<boolean>
}

const VERSIONS: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}
const CLIENT_AUTH = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const
/** Logins that were right, so that the slow check runs once for each. */
const MAX_REMEMBERED = 1000

/**
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/https/
 * @throws ConfigError with every problem, unreadable certificates included
 */
export async function loadWebConfig(path: string): Promise<WebConfig> {
  const { z } = await import('zod')
  const text = z.string().default('')
  const schema = z.strictObject({
    tls_server_config: z
      .strictObject({
        cert_file: text,
        key_file: text,
        cert: text,
        key: text,
        client_auth_type: z.enum(CLIENT_AUTH).default('NoClientCert'),
        client_ca_file: text,
        client_ca: text,
        client_allowed_sans: z.array(z.string()).default([]),
        min_version: z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']).default('TLS12'),
        max_version: z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']).default('TLS13'),
        cipher_suites: z.array(z.string()).default([]),
        prefer_server_cipher_suites: z.boolean().default(true),
        curve_preferences: z.array(z.string()).default([]),
      })
      .optional(),
    http_server_config: z
      .strictObject({ http2: z.boolean().default(true), headers: z.record(z.string(), z.string()).default({}) })
      .default({ http2: true, headers: {} }),
    basic_auth_users: z.record(z.string(), z.string()).default({}),
  })
  const { at, value } = await loadYaml({ path, schema })
  const problems: string[] = []
  const users = new Map(Object.entries(value.basic_auth_users))
  for (const [user, hash] of users) {
    if (!isBcrypt(hash))
      problems.push(`${at(['basic_auth_users', user])}: error: the password of ${user} is not a bcrypt hash`)
  }
  const wanted = value.tls_server_config
  let tls: TlsOptions | undefined
  if (wanted) {
    const read = async (key: 'cert' | 'key' | 'client_ca'): Promise<string> => {
      const file = wanted[`${key}_file`]
      if (wanted[key] !== '' || file === '') return wanted[key]
      try {
        return await readFile(resolve(dirname(path), file), 'utf8')
      } catch (error) {
        problems.push(
          `${at(['tls_server_config', `${key}_file`])}: error: ${error instanceof Error ? error.message : String(error)}`,
        )
        return ''
      }
    }
    const [cert, key, ca] = await Promise.all([read('cert'), read('key'), read('client_ca')])
    if (problems.length === 0 && (cert === '' || key === ''))
      problems.push(`${at(['tls_server_config'])}: error: missing cert or key`)
    const type = wanted.client_auth_type
    if (type.includes('Verify') && ca === '' && problems.length === 0) {
      problems.push(`${at(['tls_server_config'])}: error: client_auth_type ${type} needs client_ca_file`)
    }
    if (wanted.client_allowed_sans.length > 0) {
      problems.push(
        `${at(['tls_server_config', 'client_allowed_sans'])}: error: client_allowed_sans is not supported yet`,
      )
    }
    tls = {
      cert,
      key,
      ...(ca !== '' && { ca }),
      requestCert: type !== 'NoClientCert',
      // Node knows a wanted certificate that is checked; one that need not be there is not refused when it is missing.
      rejectUnauthorized: type === 'RequireAndVerifyClientCert' || type === 'RequireAnyClientCert',
      minVersion: VERSIONS[wanted.min_version]!,
      maxVersion: VERSIONS[wanted.max_version]!,
      honorCipherOrder: wanted.prefer_server_cipher_suites,
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { tls, headers: value.http_server_config.headers, isAllowed: createLogin(users) }
}

function createLogin(users: ReadonlyMap<string, string>): WebConfig['isAllowed'] {
  const remembered = new Set<string>()
  return async ({ headers }) => {
    if (users.size === 0) return true
    const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '') ?? []
    if (encoded === undefined) return false
    const login = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = login.indexOf(':')
    const hash = colon < 0 ? undefined : users.get(login.slice(0, colon))
    const id = createHash('sha256')
      .update(`${hash ?? ''}\0${login}`)
      .digest('base64')
    if (hash !== undefined && remembered.has(id)) return true
    // Somebody unknown takes as long as a wrong password, so that names cannot be guessed by the clock.
    const isRight = await verifyBcrypt(login.slice(colon + 1), hash ?? [...users.values()][0]!)
    if (!isRight || hash === undefined) return false
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.add(id)
    return true
  }
}
