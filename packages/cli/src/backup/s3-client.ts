import type { Clock } from '@quartet/runtime'
import { createHash } from 'node:crypto'
import { BackupError } from './object-store.ts'
import type { S3Location } from './s3-location.ts'

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Below the bucket; empty for the bucket itself. */
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** An answer that trying again does not change. */
export class S3Error extends BackupError {
  readonly status: number
  readonly code: string
  constructor(message: string, status: number, code: string) {
    super(message)
    this.name = 'S3Error'
    this.status = status
    this.code = code
  }
}

export const MAX_ATTEMPTS = 8
const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 20_000
/** For one request with one part; a part of 8 MiB arrives within it from 30 KiB/s on. */
const REQUEST_TIMEOUT_MS = 300_000

/** Signed requests to one bucket, tried again while that may help. */
export class S3Client {
  readonly #location: S3Location
  readonly #clock: Clock
  readonly #signal: AbortSignal

  constructor(location: S3Location, services: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#location = location
    this.#clock = services.clock
    this.#signal = services.signal
  }

  /**
   * The answer, which is a success; its body is not read yet.
   * @throws S3Error, or BackupError after the last attempt
   */
  async send(request: S3Request): Promise<Response> {
    return this.retry(`${request.method} ${this.describe(request.key)}`, () => this.#once(request))
  }

  /** The answer's text. A body that breaks off is asked for again. */
  async sendForText(request: S3Request): Promise<{ text: string; headers: Headers }> {
    return this.retry(`${request.method} ${this.describe(request.key)}`, async () => {
      const response = await this.#once(request)
      return { text: await response.text(), headers: response.headers }
    })
  }

  /** Calls `attempt` until it succeeds, fails for good, or has failed too often. */
  async retry<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    for (let count = 1; ; count++) {
      try {
        return await attempt()
      } catch (error) {
        this.#signal.throwIfAborted()
        // Other BackupErrors are what an inner call of this gave up with.
        if (error instanceof BackupError && !(error instanceof S3Error && isTemporary(error.status))) throw error
        if (count === MAX_ATTEMPTS) {
          throw new BackupError(`${what} failed ${MAX_ATTEMPTS} times, last: ${messageOf(error)}`, { cause: error })
        }
        await this.pause(count)
      }
    }
  }

  async pause(attempt: number): Promise<void> {
    const longestMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
    // Spread, so that several clients do not come back at the same instant.
    await this.#clock.sleep(longestMs * (0.5 + Math.random() / 2), this.#signal)
  }

  describe(key: string): string {
    return `s3://${this.#location.bucket}/${key}`
  }

  async #once({ method, key, query, headers, body }: S3Request): Promise<Response> {
    const { AwsV4Signer } = await import('aws4fetch')
    const sha256 = createHash('sha256')
      .update(body ?? '')
      .digest('hex')
    // The hash is signed: bytes that the network changed are refused by the other end.
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.#location
    const signed = await new AwsV4Signer({
      method,
      url: this.#url(key, query),
      headers: { ...headers, 'x-amz-content-sha256': sha256 },
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      ...(sessionToken !== undefined && { sessionToken }),
    }).sign()
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)])
    const response = await fetch(signed.url, {
      method,
      headers: signed.headers,
      signal,
      redirect: 'manual',
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
    })
    if (response.ok) return response
    const text = await response.text()
    const code = elementOf(text, 'Code') ?? response.statusText
    const detail = elementOf(text, 'Message') ?? (response.status < 400 ? 'is this the right region and endpoint?' : '')
    const what = `${method} ${this.describe(key)}`
    throw new S3Error(`${what} answered ${response.status} ${code}${detail && `: ${detail}`}`, response.status, code)
  }

  #url(key: string, query: Readonly<Record<string, string>> = {}): string {
    const { bucket, endpoint, isPathStyle } = this.#location
    const path = key.split('/').map(encodeURIComponent).join('/')
    const url = new URL(isPathStyle ? `${endpoint}/${bucket}/${path}` : `${endpoint}/${path}`)
    if (!isPathStyle) url.hostname = `${bucket}.${url.hostname}`
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url.toString()
  }
}

/** The text of the first element of this name, in XML as S3 writes it. */
export function elementOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text === undefined ? undefined : decodeXml(text)
}

export function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, content]) => content!)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16))
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
      return ENTITIES[name!] ?? whole
    },
  )
}

function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408
}

/** What `fetch` says is "fetch failed"; why is below it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
