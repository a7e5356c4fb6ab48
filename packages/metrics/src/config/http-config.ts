import type { HttpClientConfig } from '@quartet/scrape'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { accepted } from './fields.ts'

const tlsConfig = z.strictObject({
  ca: accepted,
  cert: accepted,
  key: accepted,
  ca_file: z.string().optional(),
  cert_file: z.string().optional(),
  key_file: z.string().optional(),
  ca_ref: accepted,
  cert_ref: accepted,
  key_ref: accepted,
  server_name: z.string().optional(),
  insecure_skip_verify: z.boolean().optional(),
  min_version: accepted,
  max_version: accepted,
})

/** The keys of an HTTP client, which upstream inlines into scrape, remote write and Alertmanager configurations. */
export const httpFields = {
  basic_auth: z
    .strictObject({
      username: z.string().default(''),
      username_file: z.string().optional(),
      username_ref: accepted,
      password: z.string().default(''),
      password_file: z.string().optional(),
      password_ref: accepted,
    })
    .optional(),
  authorization: z
    .strictObject({
      type: z.string().default('Bearer'),
      credentials: z.string().optional(),
      credentials_file: z.string().optional(),
      credentials_ref: accepted,
    })
    .optional(),
  bearer_token: z.string().optional(),
  bearer_token_file: z.string().optional(),
  oauth2: accepted,
  tls_config: tlsConfig.optional(),
  follow_redirects: z.boolean().default(true),
  enable_http2: z.boolean().optional(),
  proxy_url: accepted,
  no_proxy: accepted,
  proxy_from_environment: accepted,
  proxy_connect_header: accepted,
  http_headers: z
    .record(
      z.string(),
      z.strictObject({
        values: z.array(z.string()).optional(),
        secrets: z.array(z.string()).optional(),
        files: z.array(z.string()).optional(),
      }),
    )
    .optional(),
}

const httpConfig = z.strictObject(httpFields)
export type HttpSettings = z.infer<typeof httpConfig>

export const UNSUPPORTED_HTTP_KEYS = ['oauth2', 'proxy_url', 'proxy_from_environment', 'proxy_connect_header'] as const

/** Upstream's rules about which credentials exclude each other. */
export function checkHttp(http: HttpSettings): string | undefined {
  const ways = [http.basic_auth, http.authorization, http.oauth2].filter((way) => way !== undefined).length
  const hasBearer = http.bearer_token !== undefined || http.bearer_token_file !== undefined
  if (http.bearer_token !== undefined && http.bearer_token_file !== undefined) {
    return 'at most one of bearer_token & bearer_token_file must be configured'
  }
  if ((http.basic_auth !== undefined || http.oauth2 !== undefined) && hasBearer) {
    return 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured'
  }
  if (http.authorization !== undefined && hasBearer) {
    return 'authorization is not compatible with bearer_token & bearer_token_file'
  }
  if (ways > 1) return 'at most one of basic_auth, oauth2 & authorization must be configured'
  if (http.authorization?.type.trim().toLowerCase() === 'basic') {
    return 'authorization type cannot be set to "basic", use "basic_auth" instead'
  }
  return undefined
}

/**
 * Reads the files that hold secrets. As upstream, one that is missing does not make the configuration bad: requests go out
 * without it and fail.
 * @param directory that of the configuration file
 */
export async function httpClient(http: HttpSettings, directory: string): Promise<HttpClientConfig> {
  const secret = async (text: string | undefined, file: string | undefined): Promise<string | undefined> =>
    text ?? (file === undefined ? undefined : readSecret(resolve(directory, file)))
  const tls = http.tls_config
  const path = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(directory, file)
  const basic = http.basic_auth
  const credentials = await secret(http.authorization?.credentials, http.authorization?.credentials_file)
  const bearer = await secret(http.bearer_token, http.bearer_token_file)
  let authorization = bearer === undefined ? undefined : `Bearer ${bearer}`
  if (credentials !== undefined) authorization = `${http.authorization?.type ?? 'Bearer'} ${credentials}`
  return {
    followRedirects: http.follow_redirects,
    authorization,
    basicAuth: basic && {
      username: (await secret(basic.username || undefined, basic.username_file)) ?? '',
      password: (await secret(basic.password || undefined, basic.password_file)) ?? '',
    },
    headers:
      http.http_headers &&
      Object.fromEntries(
        Object.entries(http.http_headers).map(([name, { values, secrets }]) => [
          name,
          [...(values ?? []), ...(secrets ?? [])].join(', '),
        ]),
      ),
    tls: tls && {
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
