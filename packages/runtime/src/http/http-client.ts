import type { Agent as HttpAgent, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { SecureVersion } from 'node:tls'
import { nodeHttp } from './node-http.ts'

/** PEM texts and checks for `https:` destinations. */
export interface TlsMaterial {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Checked instead of the URL's host. */
  readonly servername?: string | undefined
  /** Default true. */
  readonly rejectUnauthorized?: boolean | undefined
  readonly minVersion?: SecureVersion | undefined
  readonly maxVersion?: SecureVersion | undefined
}

/** Which proxy to go through: what the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` would say. */
export interface ProxyEnvironment {
  readonly HTTP_PROXY?: string | undefined
  readonly HTTPS_PROXY?: string | undefined
  readonly NO_PROXY?: string | undefined
}

export interface HttpClientOptions {
  readonly tls?: TlsMaterial | undefined
  readonly keepAlive?: boolean
  readonly maxConnections?: number | undefined
  readonly maxIdleConnections?: number | undefined
  readonly idleTimeoutMs?: number | undefined
  /** Follows 307 and 308, which repeat the request as it is. Default false. */
  readonly followRedirects?: boolean
  /** None by default, whatever the process's environment says. */
  readonly proxy?: ProxyEnvironment | undefined
}

export interface HttpPost {
  /** Default POST. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** 0 is none. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface HttpReply {
  readonly status: number
  /** `Bad Request`, as the server wrote it. */
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  /** At most 64 KiB: longer answers are cut, since they are read for their reason only. */
  readonly body: Buffer
}

const MAX_REPLY_BYTES = 64 * 1024
const MAX_REDIRECTS = 10

/**
 * Posts to stores over kept-alive connections, without undici, which the global `fetch` would load into every thread (see
 * node-http.ts). One client has one TLS setting; {@link close} ends its connections.
 */
export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #agents = new Map<string, Promise<HttpAgent | HttpsAgent>>()

  constructor(options: HttpClientOptions = {}) {
    this.#options = options
  }

  /** Any status is an answer. @throws Error when there is none: no connection, time is up, or `signal` is aborted */
  async post(url: string | URL, post: HttpPost): Promise<HttpReply> {
    const { timeoutMs } = post
    const timeout = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined
    const signals = [post.signal, timeout].filter((signal) => signal !== undefined)
    try {
      return await this.#send(new URL(url), post, AbortSignal.any(signals), MAX_REDIRECTS)
    } catch (error) {
      if (timeout?.aborted && !post.signal?.aborted) {
        throw new Error(`timed out after ${timeoutMs} ms`, { cause: error })
      }
      throw error
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) void agent.then((opened) => opened.destroy())
    this.#agents.clear()
  }

  async #send(url: URL, post: HttpPost, signal: AbortSignal, redirects: number): Promise<HttpReply> {
    const { agent, request } = await this.#transport(url.protocol)
    const reply = await new Promise<HttpReply>((resolve, reject) => {
      const method = post.method ?? 'POST'
      const headers = { ...post.headers, ...(method !== 'GET' && { 'content-length': String(post.body.length) }) }
      const sent = request(url, { method, agent, headers, signal }, (response) => readReply(response, resolve, reject))
      sent.on('error', reject)
      sent.end(post.body)
    })
    const { location } = reply.headers
    const isRepeat = (reply.status === 307 || reply.status === 308) && location !== undefined
    if (!isRepeat || !this.#options.followRedirects) return reply
    if (redirects === 0) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`)
    const next = new URL(location, url)
    const allowed = next.origin === url.origin ? post : { ...post, headers: withoutCredentials(post.headers) }
    return this.#send(next, allowed, signal, redirects - 1)
  }

  async #transport(protocol: string): Promise<{ agent: HttpAgent | HttpsAgent; request: typeof nodeHttp.request }> {
    const { keepAlive = true, maxConnections, maxIdleConnections, idleTimeoutMs, proxy, tls } = this.#options
    const shared = {
      keepAlive,
      ...(maxConnections && { maxSockets: maxConnections }),
      ...(maxIdleConnections !== undefined && { maxFreeSockets: maxIdleConnections }),
      ...(idleTimeoutMs && { timeout: idleTimeoutMs }),
      ...(proxy && { proxyEnv: { ...proxy } }),
    }
    if (protocol !== 'https:') {
      const agent = this.#agents.get(protocol) ?? Promise.resolve(new nodeHttp.Agent(shared))
      this.#agents.set(protocol, agent)
      return { agent: await agent, request: nodeHttp.request }
    }
    const https = await import('node:https')
    const agent = this.#agents.get(protocol) ?? Promise.resolve(new https.Agent({ ...shared, ...present(tls) }))
    this.#agents.set(protocol, agent)
    return { agent: await agent, request: https.request }
  }
}

function readReply(
  response: IncomingMessage,
  resolve: (reply: HttpReply) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    if (size < MAX_REPLY_BYTES) chunks.push(chunk.subarray(0, MAX_REPLY_BYTES - size))
    size += chunk.length
  })
  response.on('end', () =>
    resolve({
      status: response.statusCode ?? 0,
      statusText: response.statusMessage ?? '',
      headers: response.headers,
      body: Buffer.concat(chunks),
    }),
  )
  response.on('error', reject)
}

/** node:tls takes an absent option and an undefined one for different things. */
function present(tls: TlsMaterial | undefined): TlsMaterial {
  return Object.fromEntries(Object.entries(tls ?? {}).filter(([, value]) => value !== undefined))
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(authorization|cookie|proxy-authorization)$/i.test(name)),
  )
}
