import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

import { nodeHttp } from '@quartet/runtime'
import type { TlsMaterial } from '@quartet/runtime'

import type { HttpClientConfig } from '../scrape-config.ts'

const gunzipAsync = promisify(gunzip)
const MAX_REDIRECTS = 10
/** Without `body_size_limit` a scrape still may not take the process down. */
const MAX_BODY_BYTES = 256 * 1024 * 1024

export interface FetchedPage {
  readonly body: Uint8Array
  readonly contentType: string
  /** As sent, before decompression. */
  readonly wireBytes: number
}

/** A scrape that got no usable answer; the message is what `lastError` shows. */
export class ScrapeError extends Error {
  readonly reason: 'status' | 'timeout' | 'body size limit' | 'connection'
  constructor(reason: ScrapeError['reason'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ScrapeError'
    this.reason = reason
  }
}

/** Gets pages over kept-alive connections. One per scrape pool; {@link close} ends its idle connections. */
export class ScrapeClient {
  readonly #config: HttpClientConfig
  readonly #plain = new nodeHttp.Agent({ keepAlive: true })
  readonly #secure: HttpsAgent

  constructor(config: HttpClientConfig) {
    this.#config = config
    this.#secure = new HttpsAgent({ keepAlive: true, ...(config.tlsMaterial ?? readTls(config.tls)) })
  }

  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }

  /**
   * @param options.bodyLimitBytes limit of the decompressed body; 0 is none
   * @throws ScrapeError
   */
  async get(
    url: string,
    options: { accept: string; compressed: boolean; timeoutMs: number; bodyLimitBytes: number; signal: AbortSignal },
  ): Promise<FetchedPage> {
    const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
    const headers: Record<string, string> = {
      accept: options.accept,
      'user-agent': 'Quartet/0.1.0',
      'x-prometheus-scrape-timeout-seconds': String(options.timeoutMs / 1000),
      ...this.#config.headers,
    }
    if (options.compressed) headers['accept-encoding'] = 'gzip'
    const authorization = this.#authorization()
    if (authorization !== undefined) headers['authorization'] = authorization
    try {
      const response = await this.#request(new URL(url), { headers, signal: deadline }, MAX_REDIRECTS)
      return await readPage(response, options.bodyLimitBytes || MAX_BODY_BYTES)
    } catch (error) {
      if (error instanceof ScrapeError) throw error
      if (options.signal.aborted) throw new ScrapeError('connection', `Get "${url}": context canceled`, error)
      if (deadline.aborted) throw new ScrapeError('timeout', `Get "${url}": context deadline exceeded`, error)
      throw new ScrapeError('connection', `Get "${url}": ${describe(error)}`, error)
    }
  }

  #authorization(): string | undefined {
    const { basicAuth, authorization } = this.#config
    if (!basicAuth) return authorization
    return 'Basic ' + Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64')
  }

  async #request(url: URL, options: RequestOptions, redirects: number): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:'
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const agent = secure ? this.#secure : this.#plain
      const request = (secure ? httpsRequest : nodeHttp.request)(url, { ...options, agent }, resolve)
      request.on('error', reject)
      request.end()
    })
    const status = response.statusCode ?? 0
    const location = response.headers.location
    if (status >= 300 && status < 400 && location !== undefined && this.#config.followRedirects) {
      response.resume()
      if (redirects === 0)
        throw new ScrapeError('connection', `Get "${url.href}": stopped after ${MAX_REDIRECTS} redirects`)
      return await this.#request(new URL(location, url), options, redirects - 1)
    }
    if (status === 200) return response
    response.resume()
    throw new ScrapeError('status', `server returned HTTP status ${status} ${response.statusMessage ?? ''}`)
  }
}

function readTls(tls: HttpClientConfig['tls']): TlsMaterial {
  const read = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : readFileSync(path, 'utf8')
  return {
    ca: tls?.ca ?? read(tls?.caFile),
    cert: tls?.cert ?? read(tls?.certFile),
    key: tls?.key ?? read(tls?.keyFile),
    servername: tls?.serverName,
    rejectUnauthorized: !tls?.insecureSkipVerify,
  }
}

async function readPage(response: IncomingMessage, limitBytes: number): Promise<FetchedPage> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limitBytes) {
      response.destroy()
      throw new ScrapeError('body size limit', 'body size limit exceeded')
    }
    chunks.push(chunk)
  }
  const wire = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)
  const body = response.headers['content-encoding'] === 'gzip' ? await unzipped(wire, limitBytes) : wire
  return { body, contentType: response.headers['content-type'] ?? '', wireBytes: size }
}

async function unzipped(wire: Buffer, limitBytes: number): Promise<Buffer> {
  try {
    return await gunzipAsync(wire, { maxOutputLength: limitBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error
    throw new ScrapeError('body size limit', 'body size limit exceeded', error)
  }
}

/** Go's wording for what happens most, so that people find it in the places they know. */
function describe(error: unknown): string {
  const { code, message, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const place = address === undefined ? '' : `dial tcp ${address}:${port}: `
  if (code === 'ECONNREFUSED') return `${place}connect: connection refused`
  if (code === 'ECONNRESET') return 'read: connection reset by peer'
  if (code === 'ENOTFOUND') return message.replace('getaddrinfo ENOTFOUND', 'dial tcp: lookup') + ': no such host'
  return message
}
