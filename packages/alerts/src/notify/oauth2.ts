import type { HttpClient, HttpReply } from '@quartet/runtime'
import type { OAuth2Config } from '../config/http-config.ts'
import { NotifyError } from './notify-error.ts'

export interface TokenSource {
  readonly nowMs: () => number
  /** Closed with the tokens. */
  readonly client: HttpClient
  readonly readSecret: () => Promise<string>
}

interface Token {
  readonly value: string
  /** Infinity when the server names no end. */
  readonly expiresAtMs: number
}

const REQUEST_TIMEOUT_MS = 30_000
/** A token is not used in its last seconds, so that it does not end on the way. */
const EARLY_MS = 10_000

/** Fetches and keeps tokens by client credentials (RFC 6749 §4.4): by Basic auth, and in the body where a server wants that. */
export class OAuth2Tokens {
  readonly #config: OAuth2Config
  readonly #source: TokenSource
  #token: Promise<Token> | undefined

  constructor(config: OAuth2Config, source: TokenSource) {
    this.#config = config
    this.#source = source
  }

  /** @throws NotifyError */
  async get(signal: AbortSignal): Promise<string> {
    const kept = await this.#token?.catch(() => undefined)
    if (kept && kept.expiresAtMs - EARLY_MS > this.#source.nowMs()) return kept.value
    this.#token = this.#fetch(signal)
    return (await this.#token).value
  }

  close(): void {
    this.#source.client.close()
  }

  async #fetch(signal: AbortSignal): Promise<Token> {
    const secret = await this.#source.readSecret()
    const first = await this.#ask(secret, signal, 'header')
    const reply = first.status >= 400 && first.status < 500 ? await this.#ask(secret, signal, 'body') : first
    if (reply.status < 200 || reply.status > 299) {
      throw new NotifyError(`oauth2: cannot fetch token: ${reply.status} ${reply.statusText}`, {
        canRetry: true,
        reason: reply.status >= 500 ? 'serverError' : 'clientError',
      })
    }
    const { access_token: value, expires_in: seconds } = parseReply(reply)
    if (typeof value !== 'string' || value === '') {
      throw new NotifyError('oauth2: server response missing access_token', { canRetry: true })
    }
    const isEnding = Number(seconds) > 0
    return { value, expiresAtMs: isEnding ? this.#source.nowMs() + Number(seconds) * 1000 : Infinity }
  }

  async #ask(secret: string, signal: AbortSignal, style: 'header' | 'body'): Promise<HttpReply> {
    const { client_id: id, endpoint_params: extra, scopes, token_url: url } = this.#config
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...extra })
    if (scopes?.length) form.set('scope', scopes.join(' '))
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
    if (style === 'body') {
      form.set('client_id', id)
      form.set('client_secret', secret)
    } else {
      const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`
      headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
    }
    try {
      const body = Buffer.from(form.toString())
      return await this.#source.client.post(url, { headers, body, timeoutMs: REQUEST_TIMEOUT_MS, signal })
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new NotifyError(`oauth2: cannot fetch token: ${message}`, { canRetry: true, cause })
    }
  }
}

function parseReply(reply: HttpReply): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(reply.body.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new NotifyError('oauth2: cannot parse json', { canRetry: true })
}
