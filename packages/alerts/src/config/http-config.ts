import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap, text, url } from './fields.ts'

const proxyFields = {
  proxy_url: url.optional(),
  no_proxy: optionalText,
  proxy_from_environment: z.boolean().optional(),
  proxy_connect_header: z.record(z.string(), z.array(secret)).optional(),
}

function* proxyProblems(config: {
  proxy_url?: string | undefined
  no_proxy?: string | undefined
  proxy_from_environment?: boolean | undefined
  proxy_connect_header?: object | undefined
}): Iterable<string> {
  const hasUrl = isSet(config.proxy_url)
  if (config.proxy_connect_header && Object.keys(config.proxy_connect_header).length > 0 && !hasUrl) {
    if (!config.proxy_from_environment) {
      yield 'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured'
    }
  }
  if (config.proxy_from_environment && hasUrl) {
    yield 'if proxy_from_environment is configured, proxy_url must not be configured'
  }
  if (config.proxy_from_environment && isSet(config.no_proxy)) {
    yield 'if proxy_from_environment is configured, no_proxy must not be configured'
  }
  if (!hasUrl && isSet(config.no_proxy)) yield 'if no_proxy is configured, proxy_url must also be configured'
}

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const

export const tlsConfig = checked(
  z.strictObject({
    ca: optionalText,
    cert: optionalText,
    key: secret.optional(),
    ca_file: optionalText,
    cert_file: optionalText,
    key_file: optionalText,
    server_name: optionalText,
    insecure_skip_verify: z.boolean().default(false),
    min_version: z.enum(TLS_VERSIONS).optional(),
    max_version: z.enum(TLS_VERSIONS).optional(),
  }),
  function* (tls) {
    if (isSet(tls.ca) && isSet(tls.ca_file)) yield 'at most one of ca and ca_file must be configured'
    if (isSet(tls.cert) && isSet(tls.cert_file)) yield 'at most one of cert and cert_file must be configured'
    if (isSet(tls.key) && isSet(tls.key_file)) yield 'at most one of key and key_file must be configured'
    const hasCert = isSet(tls.cert) || isSet(tls.cert_file)
    const hasKey = isSet(tls.key) || isSet(tls.key_file)
    if (hasCert && !hasKey) {
      yield 'exactly one of key or key_file must be configured when a client certificate is configured'
    }
    if (hasKey && !hasCert) yield 'exactly one of cert or cert_file must be configured when a client key is configured'
  },
)

const oauth2 = checked(
  z.strictObject({
    client_id: text,
    client_secret: secret.optional(),
    client_secret_file: optionalText,
    scopes: z.array(z.string()).optional(),
    token_url: text,
    endpoint_params: stringMap.optional(),
    tls_config: tlsConfig.optional(),
    ...proxyFields,
  }),
  function* (oauth) {
    if (oauth.client_id === '') yield 'oauth2 client_id must be configured'
    if (oauth.token_url === '') yield 'oauth2 token_url must be configured'
    if (isSet(oauth.client_secret) && isSet(oauth.client_secret_file)) {
      yield 'at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured'
    }
    yield* proxyProblems(oauth)
  },
)

/** How a receiver is reached over HTTP. */
export const httpConfig = checked(
  z.strictObject({
    basic_auth: z
      .strictObject({
        username: optionalText,
        username_file: optionalText,
        password: secret.optional(),
        password_file: optionalText,
      })
      .optional(),
    authorization: z
      .strictObject({ type: optionalText, credentials: secret.optional(), credentials_file: optionalText })
      .optional(),
    oauth2: oauth2.optional(),
    bearer_token: secret.optional(),
    bearer_token_file: optionalText,
    tls_config: tlsConfig.optional(),
    follow_redirects: z.boolean().default(true),
    enable_http2: z.boolean().default(true),
    ...proxyFields,
    http_headers: z
      .record(
        z.string(),
        z.strictObject({
          values: z.array(z.string()).optional(),
          secrets: z.array(secret).optional(),
          files: z.array(z.string()).optional(),
        }),
      )
      .optional(),
  }),
  function* (http) {
    const hasBearer = isSet(http.bearer_token) || isSet(http.bearer_token_file)
    if (isSet(http.bearer_token) && isSet(http.bearer_token_file)) {
      yield 'at most one of bearer_token & bearer_token_file must be configured'
    }
    if ((http.basic_auth || http.oauth2) && hasBearer) {
      yield 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured'
    }
    const { authorization, basic_auth: basic } = http
    if (basic && isSet(basic.username) && isSet(basic.username_file)) {
      yield 'at most one of basic_auth username, username_file & username_ref must be configured'
    }
    if (basic && isSet(basic.password) && isSet(basic.password_file)) {
      yield 'at most one of basic_auth password, password_file & password_ref must be configured'
    }
    if (authorization) {
      if (hasBearer) yield 'authorization is not compatible with bearer_token & bearer_token_file'
      if (isSet(authorization.credentials) && isSet(authorization.credentials_file)) {
        yield 'at most one of authorization credentials & credentials_file must be configured'
      }
      if (authorization.type?.trim().toLowerCase() === 'basic') {
        yield 'authorization type cannot be set to "basic", use "basic_auth" instead'
      }
    }
    if ([basic, authorization, http.oauth2].filter(Boolean).length > 1) {
      yield 'at most one of basic_auth, oauth2 & authorization must be configured'
    }
    yield* proxyProblems(http)
  },
)

export type HttpConfig = z.infer<typeof httpConfig>
export type OAuth2Config = z.infer<typeof oauth2>
/** The proxy keys that stand in `http_config` and in `oauth2`. */
export type ProxyConfig = Pick<OAuth2Config, 'proxy_url' | 'no_proxy' | 'proxy_from_environment'>
export type TlsConfig = z.infer<typeof tlsConfig>

/** Keys that are understood but not obeyed yet; a configuration with one is told so. */
export const UNSUPPORTED_HTTP_KEYS = ['proxy_connect_header'] as const
