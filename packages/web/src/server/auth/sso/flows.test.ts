import { FakeClock } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealedText } from '../../storage/sealed-text.ts'
import { Flows } from './flows.ts'

const MAX_AGE_MS = 600_000

function setUp(secretKey = 'k') {
  const clock = new FakeClock()
  const sealed = new SealedText({ secretKey, purpose: 'oauth state' })
  return { clock, flows: new Flows({ sealed, clock, maxAgeMs: MAX_AGE_MS }) }
}

test('an answer finds the sign-in that it belongs to, once', () => {
  const { flows } = setUp()
  const { flow, cookie } = flows.begin(undefined, { redirectTo: '/d/a' })
  assert.match(flow.verifier, /^[\w-]{43,128}$/, 'RFC 7636')
  assert.ok(!cookie.includes(flow.state))
  const found = flows.take(cookie, flow.state)
  assert.deepEqual(found, { kind: 'found', flow, rest: '' })
  assert.deepEqual(flows.take('', flow.state), { kind: 'missing' })
})

test('a server that was started again with the same key knows it, another does not', () => {
  const { flow, cookie } = setUp().flows.begin(undefined, { redirectTo: '/' })
  assert.equal(setUp().flows.take(cookie, flow.state).kind, 'found')
  assert.equal(setUp('other').flows.take(cookie, flow.state).kind, 'unknown')
})

test('lasts to the millisecond as long as it may', async () => {
  const { flows, clock } = setUp()
  const { flow, cookie } = flows.begin(undefined, { redirectTo: '/' })
  await clock.advance(MAX_AGE_MS)
  assert.equal(flows.take(cookie, flow.state).kind, 'found')
  await clock.advance(1)
  assert.deepEqual(flows.take(cookie, flow.state), { kind: 'expired', ageMs: MAX_AGE_MS + 1 })
})

test('several tabs, the oldest beyond five is forgotten and the cookie stays small', () => {
  const { flows } = setUp()
  let cookie: string | undefined
  const states: string[] = []
  for (let tab = 0; tab < 7; tab++) {
    const begun = flows.begin(cookie, { redirectTo: `/${'x'.repeat(200)}` })
    cookie = begun.cookie
    states.push(begun.flow.state)
  }
  assert.deepEqual(
    states.map((state) => flows.take(cookie, state).kind),
    ['unknown', 'unknown', 'found', 'found', 'found', 'found', 'found'],
  )
  assert.ok((cookie ?? '').length < 4000, `${cookie?.length} bytes`)
})

test('foreign states and damaged cookies are unknown', () => {
  const { flows } = setUp()
  const { flow, cookie } = flows.begin(undefined, { redirectTo: '/' })
  assert.equal(flows.take(cookie, 'foreign').kind, 'unknown')
  assert.equal(flows.take(cookie, '').kind, 'unknown')
  assert.equal(flows.take(`${cookie.slice(0, -4)}AAAA`, flow.state).kind, 'unknown')
  assert.equal(flows.take('nonsense', flow.state).kind, 'unknown')
})
