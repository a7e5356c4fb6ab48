import type { IncomingMessage, ServerResponse } from 'node:http'
import { body, type, withDefault } from '../../graph/index.ts'
import type { Decoded } from '../../graph/index.ts'

export const corsSchema = body({
  allowed_origins: withDefault(type.list(type.text), []),
  allowed_headers: withDefault(type.list(type.text), ['X-Requested-With']),
  max_age: withDefault(type.float, 0),
})

export type CorsSettings = Decoded<typeof corsSchema>

/** Headers that a browser may send to any server without asking. */
const ALWAYS_ALLOWED = ['accept', 'content-type', 'origin', 'x-requested-with']

/**
 * Answers preflight requests and marks responses for browsers of allowed origins (`*` stands for any characters).
 * @returns whether the request was a preflight, which is answered now
 * Source: fetch.spec.whatwg.org, CORS protocol.
 */
export function handleCors(
  settings: CorsSettings | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!settings || settings.allowed_origins.length === 0) return false
  const { origin } = request.headers
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  response.setHeader(
    'Vary',
    isPreflight ? 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' : 'Origin',
  )
  if (
    origin !== undefined &&
    isAllowed(settings.allowed_origins, origin) &&
    (!isPreflight || fits(settings, request))
  ) {
    response.setHeader('Access-Control-Allow-Origin', settings.allowed_origins.includes('*') ? '*' : origin)
    response.setHeader('Access-Control-Allow-Credentials', 'true')
    if (isPreflight) {
      response.setHeader('Access-Control-Allow-Methods', 'POST')
      const requested = request.headers['access-control-request-headers']
      if (requested !== undefined) response.setHeader('Access-Control-Allow-Headers', requested)
      if (settings.max_age > 0) response.setHeader('Access-Control-Max-Age', String(Math.trunc(settings.max_age)))
    }
  }
  if (isPreflight) response.writeHead(204).end()
  return isPreflight
}

function fits(settings: CorsSettings, request: IncomingMessage): boolean {
  if (request.headers['access-control-request-method'] !== 'POST') return false
  const requested = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
  const allowed = new Set([...ALWAYS_ALLOWED, ...settings.allowed_headers.map((name) => name.toLowerCase())])
  return allowed.has('*') || requested.every((name) => name === '' || allowed.has(name))
}

function isAllowed(patterns: readonly string[], origin: string): boolean {
  return patterns.some((pattern) => matchesOrigin(pattern.toLowerCase(), origin.toLowerCase()))
}

/** At most one `*`, as upstream allows; so no expression is built from configuration. */
function matchesOrigin(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === origin
  const head = pattern.slice(0, star)
  const tail = pattern.slice(star + 1)
  return origin.length >= head.length + tail.length && origin.startsWith(head) && origin.endsWith(tail)
}
