import type { BackendSrv, BackendSrvRequest, FetchResponse } from '@grafana/runtime'
import { from, map, type Observable } from 'rxjs'
import { request } from '../api/client.ts'

/** The library's own few requests (preferences, plug-in settings) go through the same client as ours. */
async function send<T>(options: BackendSrvRequest): Promise<FetchResponse<T>> {
  const query = options.params ? `?${new URLSearchParams(options.params as Record<string, string>).toString()}` : ''
  const path = options.url.startsWith('/') ? options.url : `/${options.url}`
  const response = await request(path + query, {
    method: options.method ?? 'GET',
    ...(options.data === undefined ? {} : { body: options.data as unknown }),
    ...(options.headers ? { headers: options.headers as Record<string, string> } : {}),
    signal: options.abortSignal,
  })
  const { ok, status, statusText, headers, redirected, type, url } = response
  return { data: (await response.json()) as T, ok, status, statusText, headers, redirected, type, url, config: options }
}

const data = async <T>(options: BackendSrvRequest): Promise<T> => (await send<T>(options)).data

export const backendService: BackendSrv = {
  get: (url, params) => data({ url, params }),
  delete: (url, body) => data({ url, method: 'DELETE', data: body as unknown }),
  post: (url, body) => data({ url, method: 'POST', data: body as unknown }),
  patch: (url, body) => data({ url, method: 'PATCH', data: body as unknown }),
  put: (url, body) => data({ url, method: 'PUT', data: body as unknown }),
  request: (options) => data(options),
  datasourceRequest: (options) => send(options),
  fetch: <T>(options: BackendSrvRequest): Observable<FetchResponse<T>> => from(send<T>(options)).pipe(map((r) => r)),
  chunked: () => {
    throw new Error('Chunked responses are not supported')
  },
} as BackendSrv
