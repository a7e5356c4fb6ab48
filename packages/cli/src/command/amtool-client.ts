import { parseGoDuration } from '@quartet/query'
import type { loadTool } from '@quartet/alerts'
import { readFileSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import type { RequestOptions } from 'node:https'
import { AmtoolError } from './amtool-flags.ts'
import type { FlagValues } from './amtool-flags.ts'

type Tool = Awaited<ReturnType<typeof loadTool>>

const VERSION = '0.30.0'

/** Talks to one Alertmanager by API v2. */
export class AmtoolClient {
  readonly #url: URL
  readonly #timeoutMs: number
  readonly #options: RequestOptions
  readonly #warn: ((line: string) => void) | undefined

  /** @throws AmtoolError, ConfigError */
  static async create(flags: FlagValues, tool: Tool, warn: (line: string) => void): Promise<AmtoolClient> {
    const path = String(flags['http.config.file'] ?? '')
    const config = path === '' ? {} : await tool.readToolConfig(path)
    if (config === undefined)
      throw new AmtoolError(`failed to load HTTP config file: open ${path}: no such file or directory`)
    return new AmtoolClient(flags, config, flags['version-check'] === true ? warn : undefined)
  }

  constructor(flags: FlagValues, http: Readonly<Record<string, unknown>>, warn?: (line: string) => void) {
    const text = String(flags['alertmanager.url'])
    if (!URL.canParse(text)) throw new AmtoolError(`parse ${JSON.stringify(text)}: invalid URL`)
    this.#url = new URL(text)
    this.#timeoutMs = Number(parseGoDuration(String(flags['timeout'])) / 1_000_000n)
    this.#options = requestOptions(this.#url, http)
    this.#warn = warn
  }

  async get(path: string, query: readonly (readonly [string, string])[] = []): Promise<unknown> {
    return parse(await this.#call('GET', path, query))
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const text = await this.#call('POST', path, [], JSON.stringify(body))
    return text === '' ? undefined : parse(text)
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path, [])
  }

  /** Says so when the server is another version: what it answers may lack something. */
  async checkVersion(): Promise<void> {
    if (!this.#warn) return
    const status = (await this.get('status').catch(() => undefined)) as
      | { versionInfo?: { version?: string } }
      | undefined
    const version = status?.versionInfo?.version
    if (version !== undefined && version !== VERSION) {
      this.#warn(`Warning: amtool version (${VERSION}) and alertmanager version (${version}) are different.`)
    }
  }

  async #call(
    method: string,
    path: string,
    query: readonly (readonly [string, string])[],
    body?: string,
  ): Promise<string> {
    const url = new URL(this.#url)
    url.username = url.password = ''
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v2/${path}`
    url.search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString()
    const { status, text } = await this.#send(method, url, body)
    if (status >= 200 && status < 300) return text
    const shown = text.trim() === '' ? '' : ` ${readable(text)}`
    throw new AmtoolError(`[${method} /${path}][${status}]${shown}`)
  }

  async #send(method: string, url: URL, body: string | undefined): Promise<{ status: number; text: string }> {
    const send = url.protocol === 'https:' ? (await import('node:https')).request : requestHttp
    const headers = {
      ...this.#options.headers,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(this.#timeoutMs)
      const fail = (error: Error & { code?: string }): void => {
        const why = signal.aborted ? 'context deadline exceeded' : error.message || error.code || 'no answer'
        reject(
          new AmtoolError(`${method[0]}${method.slice(1).toLowerCase()} ${JSON.stringify(url.href)}: ${why}`, {
            cause: error,
          }),
        )
      }
      const request = send(url, { ...this.#options, method, headers, signal }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', fail)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        )
      })
      request.on('error', fail)
      request.end(body)
    })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AmtoolError(`the server answered with something else than JSON: ${text.slice(0, 200)}`, { cause })
  }
}

/** Errors are a JSON text or `{"code":…,"message":…}`. */
function readable(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') return value
    return String((value as { message?: unknown }).message ?? text.trim())
  } catch (error) {
    if (error instanceof SyntaxError) return text.trim()
    throw error
  }
}

/** The part of an http_config that a tool on the command line needs: credentials, headers and TLS. */
function requestOptions(url: URL, http: Readonly<Record<string, unknown>>): RequestOptions {
  const section = (name: string): Record<string, unknown> => (http[name] ?? {}) as Record<string, unknown>
  const secret = (from: Record<string, unknown>, name: string): string | undefined => {
    const file = from[`${name}_file`]
    if (from[name] !== undefined) return String(from[name])
    return file === undefined ? undefined : readFileSync(String(file), 'utf8').trim()
  }
  const headers: Record<string, string> = {}
  const basic = http['basic_auth'] ? section('basic_auth') : undefined
  const user = basic ? String(basic['username'] ?? '') : decodeURIComponent(url.username)
  const password = basic ? (secret(basic, 'password') ?? '') : decodeURIComponent(url.password)
  const token =
    secret(section('authorization'), 'credentials') ?? secret(http as Record<string, unknown>, 'bearer_token')
  if (user !== '') headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  else if (token !== undefined)
    headers['authorization'] = `${String(section('authorization')['type'] ?? 'Bearer')} ${token}`
  const tls = section('tls_config')
  const file = (name: string): Buffer | undefined => (tls[name] ? readFileSync(String(tls[name])) : undefined)
  const options = {
    headers,
    ca: file('ca_file'),
    cert: file('cert_file'),
    key: file('key_file'),
    servername: tls['server_name'] === undefined ? undefined : String(tls['server_name']),
    ...(tls['insecure_skip_verify'] === true && { rejectUnauthorized: false }),
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
