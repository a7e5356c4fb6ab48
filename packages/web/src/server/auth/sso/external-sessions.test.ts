import { FakeClock, recordingLogger } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oauthSettings } from '../../config/oauth-settings.ts'
import { requireSettings } from '../../config/settings.ts'
import { openDatabase } from '../../storage/database.ts'
import { SealedText } from '../../storage/sealed-text.ts'
import { Users } from '../../storage/users.ts'
import { Sessions } from '../sessions.ts'
import { ExternalSessions } from './external-sessions.ts'
import { ProviderUnreachableError } from './provider-http.ts'
import type { Provider, Tokens } from './provider.ts'

const LIFETIME_MS = 300_000

/** A provider whose refresh a test answers. */
async function setUp(environment: Record<string, string> = {}) {
  const clock = new FakeClock()
  const db = await openDatabase({ path: ':memory:', clock })
  const users = new Users(db)
  const userId = await users.create({ login: 'a', email: 'a@b.c', passwordHash: '', isAdmin: false, nowMs: 0 })
  const limits = { maxLifetimeMs: 1e12, maxIdleMs: 1e12, rotationMs: 1e12 }
  const sessions = new Sessions({ db, clock, secretKey: 'k', limits })
  const token = await sessions.begin(userId, { ip: '', userAgent: '' })
  const sessionId = (await sessions.find(token))?.id ?? 0
  const asked: string[] = []
  const answers: (() => Promise<Tokens>)[] = []
  const refresh = (refreshToken: string): Promise<Tokens> => {
    asked.push(refreshToken)
    return answers.shift()?.() ?? Promise.reject(new Error('no answer left'))
  }
  const provider = { refresh, http: { clockDifferenceMs: 0 } } as unknown as Provider
  const values = { ENABLED: 'true', CLIENT_ID: 'c', ISSUER: 'https://idp', USE_REFRESH_TOKEN: 'true', ...environment }
  const settings = oauthSettings(
    requireSettings({
      ini: undefined,
      environment: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [`GF_AUTH_GENERIC_OAUTH_${key}`, value]),
      ),
    }),
  )
  assert.ok(settings)
  const { logger, records } = recordingLogger()
  const sealed = new SealedText({ secretKey: 'k', purpose: 'oauth tokens' })
  const external = new ExternalSessions({ db, sealed, settings, provider, clock, logger })
  const tokens = (refreshToken: string, idToken = ''): Tokens => ({
    accessToken: 'a',
    refreshToken,
    idToken,
    idClaims: undefined,
    expiresMs: clock.nowMs() + LIFETIME_MS,
  })
  await external.save(sessionId, tokens('r1', 'id1'))
  return { clock, db, sessions, token, sessionId, external, asked, answers, tokens, records }
}

const overAtProvider = (): Promise<never> =>
  Promise.reject(
    Object.assign(new Error('refused'), { error: 'invalid_grant', error_description: 'Session not active' }),
  )
const unreachable = (): Promise<never> =>
  Promise.reject(new ProviderUnreachableError('https://idp/token', 'ECONNREFUSED'))

test('is refreshed ten seconds before it runs out, with the newest token', async () => {
  const { clock, external, sessionId, asked, answers, tokens } = await setUp()
  await clock.advance(LIFETIME_MS - 10_001)
  assert.equal(await external.isAlive(sessionId), true)
  assert.deepEqual(asked, [])
  await clock.advance(1)
  answers.push(() => Promise.resolve(tokens('r2')))
  assert.equal(await external.isAlive(sessionId), true)
  await clock.advance(LIFETIME_MS)
  answers.push(() => Promise.resolve(tokens('')))
  assert.equal(await external.isAlive(sessionId), true)
  await clock.advance(LIFETIME_MS)
  answers.push(() => Promise.resolve(tokens('r4')))
  assert.equal(await external.isAlive(sessionId), true)
  assert.deepEqual(asked, ['r1', 'r2', 'r2'], 'a provider may keep the same refresh token')
  assert.equal(await external.idToken(sessionId), 'id1', 'and the id token')
})

test('many requests ask once', async () => {
  const { clock, external, sessionId, asked, answers, tokens } = await setUp()
  await clock.advance(LIFETIME_MS)
  answers.push(() => Promise.resolve(tokens('r2')))
  const alive = await Promise.all(Array.from({ length: 10 }, () => external.isAlive(sessionId)))
  assert.ok(alive.every(Boolean))
  assert.equal(asked.length, 1)
})

test('ends when the provider says so', async () => {
  const { clock, external, sessionId, answers } = await setUp()
  await clock.advance(LIFETIME_MS)
  answers.push(overAtProvider)
  assert.equal(await external.isAlive(sessionId), false)
})

test('goes on while the provider is away, which is asked every half minute', async () => {
  const { clock, external, sessionId, asked, answers, tokens } = await setUp()
  await clock.advance(LIFETIME_MS)
  answers.push(unreachable, unreachable, () => Promise.resolve(tokens('r2')))
  for (const [advanceMs, askedTimes] of [
    [0, 1],
    [29_999, 1],
    [1, 2],
    [30_000, 3],
    [30_000, 3],
  ] as const) {
    await clock.advance(advanceMs)
    assert.equal(await external.isAlive(sessionId), true)
    assert.equal(asked.length, askedTimes)
  }
})

test('what is stored is sealed, and goes with the session', async () => {
  const { db, external, sessions, token, sessionId } = await setUp()
  const row = await db.selectFrom('user_external_session').selectAll().executeTakeFirstOrThrow()
  assert.ok(!row.tokens.includes('r1') && !Buffer.from(row.tokens, 'base64url').toString('latin1').includes('id1'))
  await sessions.end(token)
  assert.equal(await external.idToken(sessionId), undefined)
})

test('without use_refresh_token nobody is asked', async () => {
  const { clock, external, sessionId, asked } = await setUp({ USE_REFRESH_TOKEN: 'false' })
  await clock.advance(LIFETIME_MS * 10)
  assert.equal(await external.isAlive(sessionId), true)
  assert.deepEqual(asked, [])
})
