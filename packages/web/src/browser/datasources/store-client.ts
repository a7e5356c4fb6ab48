import { requestJson } from '../api/client.ts'

type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Speaks to one store through the server's data source proxy. */
export class StoreClient {
  readonly #uid: string

  constructor(uid: string) {
    this.#uid = uid
  }

  get<T>(path: string, parameters: Parameters = {}, options: CallOptions = {}): Promise<T> {
    const query = encodeParameters(parameters).toString()
    return requestJson<T>(this.#path(path) + (query === '' ? '' : `?${query}`), options)
  }

  /** For queries that may be longer than a URL can be. */
  postForm<T>(path: string, parameters: Parameters, options: CallOptions = {}): Promise<T> {
    return requestJson<T>(this.#path(path), { ...options, method: 'POST', body: encodeParameters(parameters) })
  }

  #path(path: string): string {
    return `/api/datasources/proxy/uid/${encodeURIComponent(this.#uid)}${path}`
  }
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>>
}

function encodeParameters(parameters: Parameters): URLSearchParams {
  const encoded = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    for (const item of [value].flat()) encoded.append(name, String(item))
  }
  return encoded
}
