import { readFile } from 'node:fs/promises'
import { body, optional, optionalBlock, type, unsupported, withDefault, withoutEffect } from '../graph/index.ts'
import type { Decoded } from '../graph/index.ts'
import { tlsConfigSchema } from './tls-settings.ts'

/** `basic_auth` of prometheus.* and loki.* clients. */
export const basicAuthSchema = body(
  { username: withDefault(type.text, ''), password: optional(type.secret), password_file: withDefault(type.text, '') },
  ({ password, password_file }) =>
    password && password_file !== ''
      ? 'at most one of basic_auth password & password_file must be configured'
      : undefined,
)

export const authorizationSchema = body({
  type: withDefault(type.text, 'Bearer'),
  credentials: optional(type.secret),
  credentials_file: withDefault(type.text, ''),
})

/** What clients of prometheus.* and loki.* have in common; spread into their schemas. */
export const clientMembers = {
  basic_auth: optionalBlock(() => basicAuthSchema),
  authorization: optionalBlock(() => authorizationSchema),
  bearer_token: optional(type.secret),
  bearer_token_file: withDefault(type.text, ''),
  follow_redirects: withDefault(type.bool, true),
  enable_http2: withoutEffect(withDefault(type.bool, true), 'requests go out over HTTP/1.1', false),
  tls_config: optionalBlock(() => tlsConfigSchema),
  oauth2: unsupported,
  proxy_url: unsupported,
  proxy_from_environment: unsupported,
  proxy_connect_header: unsupported,
  no_proxy: unsupported,
  http_headers: unsupported,
} as const

interface ClientSettings {
  readonly basic_auth: Decoded<typeof basicAuthSchema> | undefined
  readonly authorization: Decoded<typeof authorizationSchema> | undefined
  readonly bearer_token: { readonly text: string } | undefined
  readonly bearer_token_file: string
}

export interface Credentials {
  readonly basicAuth: { readonly username: string; readonly password: string } | undefined
  /** `Bearer …`. */
  readonly authorization: string | undefined
}

/** Headers that carry the credentials. */
export function authorizationHeaders({ basicAuth, authorization }: Credentials): Record<string, string> {
  if (authorization) return { authorization }
  if (!basicAuth) return {}
  const { username, password } = basicAuth
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** Reads secrets from their files once, at the start of a component. */
export async function loadCredentials(settings: ClientSettings): Promise<Credentials> {
  const { basic_auth: basic, authorization, bearer_token, bearer_token_file } = settings
  const fromFile = async (path: string): Promise<string> => (path === '' ? '' : (await readFile(path, 'utf8')).trim())
  if (basic) {
    const password = basic.password?.text ?? (await fromFile(basic.password_file))
    return { basicAuth: { username: basic.username, password }, authorization: undefined }
  }
  if (authorization) {
    const credentials = authorization.credentials?.text ?? (await fromFile(authorization.credentials_file))
    return { basicAuth: undefined, authorization: `${authorization.type} ${credentials}` }
  }
  const token = bearer_token?.text ?? (await fromFile(bearer_token_file))
  return { basicAuth: undefined, authorization: token === '' ? undefined : `Bearer ${token}` }
}
