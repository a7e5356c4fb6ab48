import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { handleCors } from './cors.ts'
import type { CorsSettings } from './cors.ts'

const settings = (origins: readonly string[], more: Partial<CorsSettings> = {}): CorsSettings => ({
  allowed_origins: origins,
  allowed_headers: ['X-Requested-With'],
  max_age: 0,
  ...more,
})

/** Whether it was answered as a preflight, and the headers that were set. */
function ask(
  cors: CorsSettings | undefined,
  headers: Readonly<Record<string, string>>,
  method = 'POST',
): { isPreflight: boolean; sent: Record<string, string> } {
  const sent: Record<string, string> = {}
  const response = {
    setHeader: (name: string, value: string) => void (sent[name.toLowerCase()] = value),
    writeHead: () => response,
    end: () => response,
  }
  const request = { method, headers } as unknown as IncomingMessage
  return { isPreflight: handleCors(cors, request, response as unknown as ServerResponse), sent }
}

const preflight = (origin: string, requested?: string): Record<string, string> => ({
  origin,
  'access-control-request-method': 'POST',
  ...(requested === undefined ? {} : { 'access-control-request-headers': requested }),
})

test('without origins nothing is said to browsers', () => {
  for (const cors of [undefined, settings([])]) {
    assert.deepEqual(ask(cors, { origin: 'http://a' }), { isPreflight: false, sent: {} })
    assert.deepEqual(ask(cors, preflight('http://a'), 'OPTIONS'), { isPreflight: false, sent: {} })
  }
})

test('an origin is allowed by its name, by one star in it, or by a star alone, in any case', () => {
  for (const [pattern, origin, answer] of [
    ['http://a.test', 'http://a.test', 'http://a.test'],
    ['http://A.test', 'http://a.TEST', 'http://a.TEST'],
    ['http://*.a.test', 'http://x.y.a.test', 'http://x.y.a.test'],
    ['http://localhost:*', 'http://localhost:3000', 'http://localhost:3000'],
    ['*', 'http://a.test', '*'],
    ['http://a.test', 'http://a.test.evil', undefined],
    ['http://ab*ba', 'http://aba', undefined],
  ] as const) {
    const { isPreflight, sent } = ask(settings([pattern]), { origin })
    assert.equal(isPreflight, false)
    assert.equal(sent['access-control-allow-origin'], answer, `${pattern} ${origin}`)
    assert.equal(sent['vary'], 'Origin')
  }
})

test('a preflight is answered with what it asked for, or with nothing when a header is not allowed', () => {
  const cors = settings(['*'], { allowed_headers: ['X-Own'], max_age: 90.7 })
  const allowed = ask(cors, preflight('http://a', 'content-type, x-OWN'), 'OPTIONS')
  assert.equal(allowed.isPreflight, true)
  assert.deepEqual(allowed.sent, {
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, x-OWN',
    'access-control-max-age': '90',
  })
  const refused = ask(cors, preflight('http://a', 'x-other'), 'OPTIONS')
  assert.deepEqual([refused.isPreflight, Object.keys(refused.sent)], [true, ['vary']])
  const any = ask(settings(['*'], { allowed_headers: ['*'] }), preflight('http://a', 'x-other'), 'OPTIONS')
  assert.equal(any.sent['access-control-allow-headers'], 'x-other')
})
