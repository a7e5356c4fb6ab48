import type { ApiError } from '../../common/api.ts'
import { bootData } from '../app/boot-data.ts'

/** An answer with a status other than 2xx, or none at all (status 0). `message` is fit for people to read. */
export class RequestError extends Error {
  readonly status: number
  readonly body: string

  constructor(options: { status: number; message: string; body?: string; cause?: unknown }) {
    super(options.message, { cause: options.cause })
    this.name = 'RequestError'
    this.status = options.status
    this.body = options.body ?? ''
  }
}

export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, or as a form when it is URLSearchParams. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** @param path below appSubUrl, beginning with a slash */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options)
  const text = await response.text()
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new RequestError({
      status: response.status,
      message: `${path} did not answer with JSON`,
      body: text,
      cause,
    })
  }
}

export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const isForm = options.body instanceof URLSearchParams
  const response = await fetchOrFail(bootData.settings.appSubUrl + path, {
    method: options.method ?? 'GET',
    credentials: 'same-origin',
    signal: options.signal ?? null,
    headers: {
      Accept: 'application/json',
      ...(options.body !== undefined && !isForm ? { 'Content-Type': 'application/json' } : {}),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: isForm ? (options.body as URLSearchParams) : JSON.stringify(options.body) }),
  })
  if (response.ok) return response
  const body = await response.text()
  if (response.status === 401 && !path.startsWith('/login')) goToLogin()
  throw new RequestError({ status: response.status, message: explain(response, body), body })
}

async function fetchOrFail(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new RequestError({ status: 0, message: 'Quartet does not answer. Is it still running?', cause })
  }
}

/** The stores answer errors as JSON with `error` or `message`, or as plain text. */
function explain(response: Response, body: string): string {
  try {
    const parsed = JSON.parse(body) as Partial<ApiError>
    // Of a store that cannot be reached `message` tells which one and why, `error` only the status' name.
    const text =
      response.status === 502 || response.status === 504
        ? (parsed.message ?? parsed.error)
        : (parsed.error ?? parsed.message)
    if (typeof text === 'string' && text !== '') return text
  } catch {
    // Not JSON: the text itself is the explanation.
  }
  const text = body.trim()
  if (text !== '' && !text.startsWith('<')) return text.slice(0, 1000)
  return `${response.status} ${response.statusText}`
}

/** The session has ended: come back to this place after signing in. */
function goToLogin(): void {
  if (!bootData.user.isSignedIn) return
  const here = location.pathname + location.search
  location.assign(`${bootData.settings.appSubUrl}/login?redirectTo=${encodeURIComponent(here)}`)
}
