import type { Clock } from '@quartet/runtime'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import { readFile } from 'node:fs/promises'
import type { Agent, IncomingMessage, RequestOptions } from 'node:http'

const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 1024 * 1024

/** No answer from the identity provider. */
export class ProviderUnreachableError extends Error {
  /** Without its query. */
  readonly url: string

  constructor(url: string, reason: string, cause?: unknown) {
    super(`${url}: ${reason}`, { cause })
    this.name = 'ProviderUnreachableError'
    this.url = url
  }
}

export interface ProviderRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * Asks the identity provider, under the TLS settings of the section and the proxy variables of the environment. Answers are
 * bounded, redirects are not followed (they would carry credentials elsewhere).
 */
export class ProviderHttp {
  readonly #tls: OAuthSettings['tls']
  readonly #clock: Clock
  #agents: { http: Agent; https: Agent } | undefined
  #clockDifferenceMs: number | undefined

  constructor(options: { tls: OAuthSettings['tls']; clock: Clock }) {
    this.#tls = options.tls
    this.#clock = options.clock
  }

  /** How far the provider's clock was ahead of this one at its latest answer, to a second. */
  get clockDifferenceMs(): number | undefined {
    return this.#clockDifferenceMs
  }

  /** @throws ProviderUnreachableError */
  async fetch(url: string, request: ProviderRequest): Promise<Response> {
    const target = new URL(url)
    const place = target.origin + target.pathname
    const { http, https } = await this.#openAgents(place)
    const isSecure = target.protocol === 'https:'
    const { request: send } = isSecure ? await import('node:https') : await import('node:http')
    const options: RequestOptions = {
      method: request.method,
      headers: request.headers,
      agent: isSecure ? https : http,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }
    const body = bodyText(request.body)
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        const reason =
          error.name === 'TimeoutError' || error.name === 'AbortError'
            ? `no answer within ${TIMEOUT_MS / 1000} s`
            : reasonOf(error)
        reject(new ProviderUnreachableError(place, reason, error))
      }
      const sent = send(target, options, (message) => {
        this.#measureClock(message)
        readAnswer(message).then(resolve, fail)
      })
      sent.on('error', fail)
      sent.end(body)
    })
  }

  close(): void {
    this.#agents?.http.destroy()
    this.#agents?.https.destroy()
  }

  #measureClock({ headers }: IncomingMessage): void {
    const theirs = Date.parse(headers.date ?? '')
    if (!Number.isNaN(theirs)) this.#clockDifferenceMs = theirs - Math.floor(this.#clock.nowMs() / 1000) * 1000
  }

  async #openAgents(place: string): Promise<{ http: Agent; https: Agent }> {
    if (this.#agents) return this.#agents
    const [{ Agent: HttpAgent }, { Agent: HttpsAgent }] = await Promise.all([import('node:http'), import('node:https')])
    const shared = { keepAlive: false, proxyEnv: process.env }
    const tls = {
      ...(await pem('ca', this.#tls.caPath, place)),
      ...(await pem('cert', this.#tls.certPath, place)),
      ...(await pem('key', this.#tls.keyPath, place)),
      rejectUnauthorized: !this.#tls.isSkipped,
    }
    this.#agents = { http: new HttpAgent(shared), https: new HttpsAgent({ ...shared, ...tls }) }
    return this.#agents
  }
}

async function pem(name: 'ca' | 'cert' | 'key', path: string, place: string): Promise<Record<string, string>> {
  if (path === '') return {}
  try {
    return { [name]: await readFile(path, 'utf8') }
  } catch (cause) {
    throw new ProviderUnreachableError(place, `tls_client_${name} cannot be read: ${reasonOf(cause)}`, cause)
  }
}

async function readAnswer(message: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const status = message.statusCode ?? 500
  const isBodyless = status === 204 || status === 205 || status === 304
  return new Response(isBodyless ? null : Buffer.concat(chunks), { status, headers })
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('requests to the provider are forms')
}

/** Connection errors of several addresses come together without a message of their own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ')
  return error instanceof Error ? error.message : String(error)
}
