import type { HttpClientConfig } from '@quartet/scrape'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { checked, countSet, listOf, mapOf, optionalText, secret, section, stringMap, texts, url } from './fields.ts'

/** Keys of a TLS client. */
export const tlsConfig = checked(
  section('config.plain', {
    ca: optionalText,
    cert: optionalText,
    key: secret.optional(),
    ca_file: optionalText,
    cert_file: optionalText,
    key_file: optionalText,
    ca_ref: optionalText,
    cert_ref: optionalText,
    key_ref: optionalText,
    server_name: optionalText,
    insecure_skip_verify: z.boolean().default(false),
    min_version: optionalText,
    max_version: optionalText,
  }),
  (tls) => {
    if (countSet(tls.ca, tls.ca_file, tls.ca_ref) > 1) return 'at most one of ca, ca_file & ca_ref must be configured'
    if (countSet(tls.cert, tls.cert_file, tls.cert_ref) > 1) {
      return 'at most one of cert, cert_file & cert_ref must be configured'
    }
    if (countSet(tls.key, tls.key_file, tls.key_ref) > 1) {
      return 'at most one of key and key_file must be configured'
    }
    const certs = countSet(tls.cert, tls.cert_file, tls.cert_ref)
    const keys = countSet(tls.key, tls.key_file, tls.key_ref)
    if (certs > keys) return 'exactly one of key or key_file must be configured when a client certificate is configured'
    if (keys > certs) return 'exactly one of cert or cert_file must be configured when a client key is configured'
    const version = [tls.min_version, tls.max_version].find((name) => name !== undefined && !TLS_VERSIONS.has(name))
    return version === undefined ? undefined : `unknown TLS version: ${version}`
  },
)

const TLS_VERSIONS = new Set(['TLS10', 'TLS11', 'TLS12', 'TLS13'])

const proxyFields = {
  proxy_url: url.optional(),
  no_proxy: optionalText,
  proxy_from_environment: z.boolean().default(false),
  proxy_connect_header: mapOf(listOf(secret)).optional(),
}

const oauth2 = section('config.plain', {
  client_id: z.string().default(''),
  client_secret: secret.optional(),
  client_secret_file: optionalText,
  client_secret_ref: optionalText,
  client_certificate_key_id: optionalText,
  client_certificate_key: secret.optional(),
  client_certificate_key_file: optionalText,
  client_certificate_key_ref: optionalText,
  signature_algorithm: optionalText,
  iss: optionalText,
  audience: optionalText,
  claims: z.record(z.string(), z.unknown()).optional(),
  grant_type: optionalText,
  scopes: texts,
  token_url: url.default(''),
  endpoint_params: stringMap.optional(),
  tls_config: tlsConfig.optional(),
  ...proxyFields,
})

/** The keys of an HTTP client, which upstream inlines into scrape, remote write, discovery and Alertmanager configurations. */
export const httpFields = {
  basic_auth: section('config.plain', {
    username: z.string().default(''),
    username_file: optionalText,
    username_ref: optionalText,
    password: secret.default(''),
    password_file: optionalText,
    password_ref: optionalText,
  }).optional(),
  authorization: section('config.Authorization', {
    type: z.string().default('Bearer'),
    credentials: secret.optional(),
    credentials_file: optionalText,
    credentials_ref: optionalText,
  }).optional(),
  oauth2: oauth2.optional(),
  bearer_token: secret.optional(),
  bearer_token_file: optionalText,
  tls_config: tlsConfig.optional(),
  follow_redirects: z.boolean().default(true),
  enable_http2: z.boolean().default(true),
  ...proxyFields,
  http_headers: mapOf(
    section('config.plain', { values: texts, secrets: listOf(secret).optional(), files: texts }),
  ).optional(),
}

const httpConfig = section('config.HTTPClientConfig', httpFields)
export type HttpSettings = z.infer<typeof httpConfig>

/** What can be written and is not obeyed yet. */
const UNSUPPORTED_HTTP_KEYS = ['oauth2', 'proxy_url', 'proxy_from_environment', 'proxy_connect_header'] as const

export function unsupportedHttpKeys(http: HttpSettings): string[] {
  return UNSUPPORTED_HTTP_KEYS.filter((key) => http[key] !== undefined && http[key] !== false)
}

/** Whether anything but the defaults is asked for. */
export function isCustomHttp(http: HttpSettings): boolean {
  const { follow_redirects: follows, enable_http2: http2, ...rest } = http
  const keys = Object.keys(httpFields) as (keyof typeof rest)[]
  return !follows || !http2 || countSet(...keys.map((key) => rest[key])) > 0
}

/** Upstream's rules about which credentials exclude each other, and the like. */
export function checkHttp(http: HttpSettings): string | undefined {
  return checkCredentials(http) ?? checkOauth2(http) ?? checkProxy(http) ?? checkHeaders(http)
}

function checkCredentials(http: HttpSettings): string | undefined {
  const { basic_auth: basic, authorization } = http
  const hasBearer = countSet(http.bearer_token, http.bearer_token_file) > 0
  if (countSet(http.bearer_token, http.bearer_token_file) > 1) {
    return 'at most one of bearer_token & bearer_token_file must be configured'
  }
  if ((basic !== undefined || http.oauth2 !== undefined) && hasBearer) {
    return 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured'
  }
  if (basic !== undefined && countSet(basic.username, basic.username_file, basic.username_ref) > 1) {
    return 'at most one of basic_auth username, username_file & username_ref must be configured'
  }
  if (basic !== undefined && countSet(basic.password, basic.password_file, basic.password_ref) > 1) {
    return 'at most one of basic_auth password, password_file & password_ref must be configured'
  }
  if (authorization === undefined) return undefined
  if (hasBearer) return 'authorization is not compatible with bearer_token & bearer_token_file'
  if (countSet(authorization.credentials, authorization.credentials_file, authorization.credentials_ref) > 1) {
    return 'at most one of authorization credentials & credentials_file must be configured'
  }
  if (authorization.type.trim().toLowerCase() === 'basic') {
    return 'authorization type cannot be set to "basic", use "basic_auth" instead'
  }
  if (basic === undefined && http.oauth2 === undefined) return undefined
  return 'at most one of basic_auth, oauth2 & authorization must be configured'
}

function checkOauth2({ oauth2: oauth, basic_auth: basic }: HttpSettings): string | undefined {
  if (oauth === undefined) return undefined
  if (basic !== undefined) return 'at most one of basic_auth, oauth2 & authorization must be configured'
  if (oauth.client_id === '') return 'oauth2 client_id must be configured'
  if (oauth.token_url === '') return 'oauth2 token_url must be configured'
  if (countSet(oauth.client_secret, oauth.client_secret_file, oauth.client_secret_ref) > 1) {
    return 'at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using grant-type=client_credentials'
  }
  return checkProxy(oauth)
}

type ProxySettings = Pick<HttpSettings, 'proxy_url' | 'no_proxy' | 'proxy_from_environment' | 'proxy_connect_header'>

function checkProxy(http: ProxySettings): string | undefined {
  const hasUrl = countSet(http.proxy_url) > 0
  const hasHeaders = Object.keys(http.proxy_connect_header ?? {}).length > 0
  if (hasHeaders && !hasUrl && !http.proxy_from_environment) {
    return 'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured'
  }
  if (http.proxy_from_environment && hasUrl) {
    return 'if proxy_from_environment is configured, proxy_url must not be configured'
  }
  if (http.proxy_from_environment && countSet(http.no_proxy) > 0) {
    return 'if proxy_from_environment is configured, no_proxy must not be configured'
  }
  if (!hasUrl && countSet(http.no_proxy) > 0) return 'if no_proxy is configured, proxy_url must also be configured'
  return undefined
}

/** Headers that the client sets itself, here and in what is sent to other servers. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
])

function checkHeaders({ http_headers: headers = {} }: HttpSettings): string | undefined {
  const refused = Object.keys(headers).find((name) => {
    const lower = name.toLowerCase()
    return RESERVED_HEADERS.has(lower) || lower === 'authorization' || lower === 'x-prometheus-scrape-timeout-seconds'
  })
  return refused === undefined ? undefined : `setting header "${refused}" is not allowed`
}

/**
 * Reads the files that hold secrets. As upstream, one that is missing does not make the configuration bad: requests go out
 * without it and fail.
 * @param directory that of the configuration file
 */
export async function httpClient(http: HttpSettings, directory: string): Promise<HttpClientConfig> {
  const content = async (text: string | undefined, file: string | undefined): Promise<string | undefined> =>
    text ?? (file === undefined ? undefined : readSecret(resolve(directory, file)))
  const tls = http.tls_config
  const path = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(directory, file)
  const basic = http.basic_auth
  const credentials = await content(http.authorization?.credentials, http.authorization?.credentials_file)
  const bearer = await content(http.bearer_token, http.bearer_token_file)
  let authorization = bearer === undefined ? undefined : `Bearer ${bearer}`
  if (credentials !== undefined) authorization = `${http.authorization?.type ?? 'Bearer'} ${credentials}`
  const headers: Record<string, string> = {}
  for (const [name, { values = [], secrets = [], files = [] }] of Object.entries(http.http_headers ?? {})) {
    const read = await Promise.all(files.map((file) => readSecret(resolve(directory, file))))
    headers[name] = [...values, ...secrets, ...read.filter((text) => text !== undefined)].join(', ')
  }
  return {
    followRedirects: http.follow_redirects,
    authorization,
    basicAuth: basic && {
      username: (await content(basic.username || undefined, basic.username_file)) ?? '',
      password: (await content(basic.password || undefined, basic.password_file)) ?? '',
    },
    headers: http.http_headers && headers,
    tls: tls && {
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      caFile: path(tls.ca_file),
      certFile: path(tls.cert_file),
      keyFile: path(tls.key_file),
      serverName: tls.server_name,
      insecureSkipVerify: tls.insecure_skip_verify,
    },
  }
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'EISDIR') return undefined
    throw error
  }
}
