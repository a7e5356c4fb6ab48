import { HttpClient } from '@quartet/runtime'
import type { HttpReply, ProxyEnvironment, TlsMaterial } from '@quartet/runtime'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { HttpConfig, ProxyConfig } from '../config/http-config.ts'
import { NotifyError } from './notify-error.ts'
import { OAuth2Tokens } from './oauth2.ts'
import { TLS_VERSIONS } from './tls-options.ts'

export interface PostOptions {
  readonly url: string
  /** Default POST. */
  readonly method?: 'GET' | 'POST' | 'PUT'
  /** JSON text, unless the headers say otherwise. */
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** 0 is none beyond the signal's. */
  readonly timeoutMs?: number
  /** Statuses besides 5xx after which it is worth trying again. */
  readonly retryStatuses?: readonly number[]
  /** What to tell of a refusal; the body by default. */
  readonly details?: (reply: HttpReply) => string
}

/** Posts JSON with the receiver's credentials, and sorts answers into delivered, try again and give up. */
export class JsonClient {
  readonly #config: HttpConfig
  readonly #client: HttpClient
  readonly #tokens: OAuth2Tokens | undefined

  constructor(config: HttpConfig, nowMs: () => number) {
    this.#config = config
    const followRedirects = config.follow_redirects
    this.#client = new HttpClient({
      followRedirects,
      keepAlive: true,
      ...(config.tls_config && { tls: tlsMaterial(config.tls_config) }),
      ...proxyOf(config),
    })
    const { oauth2 } = config
    this.#tokens =
      oauth2 &&
      new OAuth2Tokens(oauth2, {
        nowMs,
        client: new HttpClient({
          followRedirects,
          ...(oauth2.tls_config && { tls: tlsMaterial(oauth2.tls_config) }),
          ...proxyOf(oauth2),
        }),
        readSecret: async () => oauth2.client_secret?.reveal() ?? (await readSecret(oauth2.client_secret_file)) ?? '',
      })
  }

  /** @throws NotifyError */
  async post(options: PostOptions): Promise<HttpReply> {
    const reply = await this.#send(options)
    const { status } = reply
    if (status >= 200 && status < 300) return reply
    const details = (options.details ?? bodyText)(reply)
    throw new NotifyError(`unexpected status code ${status}${details === '' ? '' : `: ${details}`}`, {
      canRetry: status >= 500 || (options.retryStatuses?.includes(status) ?? false),
      reason: status >= 500 ? 'serverError' : status >= 400 ? 'clientError' : 'other',
    })
  }

  close(): void {
    this.#client.close()
    this.#tokens?.close()
  }

  async #send({ body, headers, method = 'POST', signal, timeoutMs, url }: PostOptions): Promise<HttpReply> {
    const credentials = await this.#headers(signal)
    try {
      return await this.#client.post(url, {
        method,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Alertmanager/0.30.0',
          ...credentials,
          ...headers,
        },
        body: Buffer.from(body),
        timeoutMs: timeoutMs ?? 0,
        signal,
      })
    } catch (error) {
      // The URL may be a secret, so only the reason is told.
      const reason = signal.aborted ? 'contextDeadlineExceeded' : 'other'
      throw new NotifyError(`${method[0]}${method.slice(1).toLowerCase()} "<redacted>": ${reasonOf(error)}`, {
        canRetry: true,
        reason,
        cause: error,
      })
    }
  }

  async #headers(signal: AbortSignal): Promise<Record<string, string>> {
    const { authorization, basic_auth: basic, bearer_token: bearer, bearer_token_file: bearerFile } = this.#config
    const headers: Record<string, string> = {}
    if (basic) {
      const user = basic.username ?? (await readSecret(basic.username_file)) ?? ''
      const password = basic.password?.reveal() ?? (await readSecret(basic.password_file)) ?? ''
      headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    } else if (authorization) {
      const value = authorization.credentials?.reveal() ?? (await readSecret(authorization.credentials_file)) ?? ''
      headers['authorization'] = `${authorization.type ?? 'Bearer'} ${value}`
    } else if (this.#tokens) {
      headers['authorization'] = `Bearer ${await this.#tokens.get(signal)}`
    } else if (bearer || bearerFile) {
      headers['authorization'] = `Bearer ${bearer?.reveal() ?? (await readSecret(bearerFile)) ?? ''}`
    }
    for (const [name, { files, secrets, values }] of Object.entries(this.#config.http_headers ?? {})) {
      const all = [...(values ?? []), ...(secrets ?? []).map((secret) => secret.reveal())]
      for (const file of files ?? []) all.push((await readSecret(file)) ?? '')
      if (all.length > 0) headers[name.toLowerCase()] = all.join(', ')
    }
    return headers
  }
}

/** The trimmed content of a file that holds a secret. @throws NotifyError */
export async function readSecret(path: string | undefined): Promise<string | undefined> {
  if (!path) return undefined
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new NotifyError(`read ${path}: ${reasonOf(error)}`, { canRetry: false, cause: error })
  }
}

function tlsMaterial(tls: NonNullable<HttpConfig['tls_config']>): TlsMaterial {
  return {
    ca: tls.ca ?? readOptional(tls.ca_file),
    cert: tls.cert ?? readOptional(tls.cert_file),
    key: tls.key?.reveal() ?? readOptional(tls.key_file),
    servername: tls.server_name,
    rejectUnauthorized: !tls.insecure_skip_verify,
    minVersion: tls.min_version && TLS_VERSIONS[tls.min_version],
    maxVersion: tls.max_version && TLS_VERSIONS[tls.max_version],
  }
}

function proxyOf(config: ProxyConfig): { readonly proxy?: ProxyEnvironment } {
  if (config.proxy_url) {
    return { proxy: { HTTP_PROXY: config.proxy_url, HTTPS_PROXY: config.proxy_url, NO_PROXY: config.no_proxy } }
  }
  if (!config.proxy_from_environment) return {}
  const read = (name: string): string | undefined => process.env[name] || process.env[name.toLowerCase()]
  return { proxy: { HTTP_PROXY: read('HTTP_PROXY'), HTTPS_PROXY: read('HTTPS_PROXY'), NO_PROXY: read('NO_PROXY') } }
}

function readOptional(path: string | undefined): string | undefined {
  return path ? readFileSync(path, 'utf8') : undefined
}

function bodyText(reply: HttpReply): string {
  return reply.body.toString('utf8')
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A connection that was refused on several addresses has an empty message of its own.
  return error.message || ('code' in error ? String(error.code) : error.name)
}
