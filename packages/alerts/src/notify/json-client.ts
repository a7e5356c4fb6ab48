import { HttpClient } from '@quartet/runtime'
import type { HttpReply } from '@quartet/runtime'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { HttpConfig } from '../config/http-config.ts'
import { NotifyError } from './notify-error.ts'

export interface PostOptions {
  readonly url: string
  /** JSON text. */
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

  constructor(config: HttpConfig) {
    this.#config = config
    const tls = config.tls_config
    this.#client = new HttpClient({
      followRedirects: config.follow_redirects,
      keepAlive: true,
      ...(tls && {
        tls: {
          ca: tls.ca ?? readOptional(tls.ca_file),
          cert: tls.cert ?? readOptional(tls.cert_file),
          key: tls.key?.reveal() ?? readOptional(tls.key_file),
          servername: tls.server_name,
          rejectUnauthorized: !tls.insecure_skip_verify,
        },
      }),
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
  }

  async #send({ body, headers, signal, timeoutMs, url }: PostOptions): Promise<HttpReply> {
    const credentials = await this.#headers()
    try {
      return await this.#client.post(url, {
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
      throw new NotifyError(`Post "<redacted>": ${reasonOf(error)}`, { canRetry: true, reason, cause: error })
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const { authorization, basic_auth: basic, bearer_token: bearer, bearer_token_file: bearerFile } = this.#config
    const headers: Record<string, string> = {}
    if (basic) {
      const user = basic.username ?? (await readSecret(basic.username_file)) ?? ''
      const password = basic.password?.reveal() ?? (await readSecret(basic.password_file)) ?? ''
      headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    } else if (authorization) {
      const value = authorization.credentials?.reveal() ?? (await readSecret(authorization.credentials_file)) ?? ''
      headers['authorization'] = `${authorization.type ?? 'Bearer'} ${value}`
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

function readOptional(path: string | undefined): string | undefined {
  return path ? readFileSync(path, 'utf8') : undefined
}

function bodyText(reply: HttpReply): string {
  return reply.body.toString('utf8')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A connection that was refused on several addresses has an empty message of its own.
  return error.message || ('code' in error ? String(error.code) : error.name)
}
