import { FakeClock } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireSettings } from '../config/settings.ts'
import { openDatabase } from '../storage/database.ts'
import { Users } from '../storage/users.ts'
import { createFirstAdmin } from './first-admin.ts'
import { Login, MAX_FAILURES, WINDOW_MS } from './login.ts'
import { generatePassword, hashPassword, verifyPassword } from './password.ts'
import { Sessions } from './sessions.ts'

const DAY_MS = 86_400_000
const LIMITS = { maxLifetimeMs: 30 * DAY_MS, maxIdleMs: 7 * DAY_MS, rotationMs: 600_000 }

async function setUp(environment: Record<string, string> = {}) {
  const clock = new FakeClock()
  const db = await openDatabase({ path: ':memory:', clock })
  const users = new Users(db)
  const made = await createFirstAdmin(users, requireSettings({ ini: undefined, environment }), clock)
  const login = new Login({ db, users, clock, isLockoutOn: true })
  const sessions = new Sessions({ db, clock, secretKey: 'k', limits: LIMITS })
  return { clock, db, users, made, login, sessions }
}

test('a password is right only for its own hash', async () => {
  const hash = await hashPassword('secret')
  assert.match(hash, /^scrypt\$16384\$8\$5\$/)
  assert.equal(await verifyPassword('secret', hash), true)
  assert.equal(await verifyPassword('Secret', hash), false)
  assert.equal(await verifyPassword('secret', 'plain$secret'), false)
})

test('makes up a password for the first administrator, stores only its hash', async () => {
  const { made, login, db, users } = await setUp()
  assert.ok(made)
  assert.equal(made.password.length, 20)
  assert.equal((await login.check('ADMIN', made.password))?.is_admin, 1)
  const row = await db.selectFrom('user').selectAll().executeTakeFirstOrThrow()
  assert.ok(!JSON.stringify(row).includes(made.password))
  const again = await createFirstAdmin(users, requireSettings({ ini: undefined, environment: {} }), new FakeClock())
  assert.equal(again, undefined)
})

test('a generated password that nobody has used is made up anew, so that it cannot get lost', async () => {
  const { made, login, users } = await setUp()
  const restart = () => createFirstAdmin(users, requireSettings({ ini: undefined, environment: {} }), new FakeClock())
  const second = await restart()
  assert.ok(made && second && second.password !== made.password)
  assert.equal(await login.check('admin', made.password), undefined)
  assert.ok(await login.check('admin', second.password))
  assert.equal(await restart(), undefined)
  assert.equal(await users.count(), 1)
})

test('takes a configured password without telling it', async () => {
  const { made, login } = await setUp({ GF_SECURITY_ADMIN_PASSWORD: 'mine', GF_SECURITY_ADMIN_USER: 'boss' })
  assert.equal(made, undefined)
  assert.equal((await login.check('boss', 'mine'))?.login, 'boss')
})

test('locks a name after five failures and lets it in again later', async () => {
  const { clock, login } = await setUp({ GF_SECURITY_ADMIN_PASSWORD: 'mine' })
  for (let failure = 0; failure < MAX_FAILURES; failure++) assert.equal(await login.check('admin', 'wrong'), undefined)
  assert.equal(await login.check('Admin', 'mine'), undefined, 'the right password is refused too')
  await clock.advance(WINDOW_MS + 1)
  assert.ok(await login.check('admin', 'mine'))
})

test('remembers a checked pair for a minute, not a wrong one', async () => {
  const { clock, login, db, users } = await setUp({ GF_SECURITY_ADMIN_PASSWORD: 'mine' })
  assert.ok(await login.checkOften('admin', 'mine'))
  assert.equal(await login.checkOften('admin', 'other'), undefined)
  await db
    .updateTable('user')
    .set({ password: await hashPassword(generatePassword()) })
    .execute()
  assert.ok(await login.checkOften('admin', 'mine'))
  await clock.advance(61_000)
  assert.equal(await login.checkOften('admin', 'mine'), undefined)
  assert.equal(await users.count(), 1)
})

test('the form takes the configured password of the administrator, whatever became of the account', async () => {
  const { clock, db, users } = await setUp({ GF_SECURITY_ADMIN_PASSWORD: 'first' })
  const admin = { login: 'admin', password: 'second', email: 'admin@localhost' }
  const login = new Login({ db, users, clock, isLockoutOn: true, admin })
  assert.equal(await login.check('admin', 'second'), undefined, 'not for scripts')
  assert.ok(await login.checkForm('admin', 'first'), 'the stored one is good too')
  await db.updateTable('user').set({ is_disabled: 1, is_admin: 0, org_role: 'Viewer' }).execute()
  const entered = await login.checkForm('ADMIN', 'second')
  assert.deepEqual([entered?.is_admin, entered?.org_role, entered?.is_disabled], [1, 'Admin', 0])
  await db.deleteFrom('user').execute()
  assert.equal((await login.checkForm('admin', 'second'))?.is_admin, 1, 'made anew')
  for (let failure = 0; failure < MAX_FAILURES; failure++) await login.checkForm('admin', 'wrong')
  assert.equal(await login.checkForm('admin', 'second'), undefined, 'guessing locks it as any other')
  await clock.advance(WINDOW_MS + 1)
  assert.ok(await login.checkForm('admin', 'second'))
})

test('no configured password is no password', async () => {
  const { clock, db, users } = await setUp()
  const login = new Login({ db, users, clock, isLockoutOn: true, admin: { login: 'admin', password: '', email: '' } })
  assert.equal(await login.checkForm('admin', ''), undefined)
  assert.equal(login.isAdminName('Admin'), true)
  assert.equal(login.isAdminName('ada'), false)
})

test('a session is found by its token until it is ended', async () => {
  const { sessions, db } = await setUp()
  const token = await sessions.begin(1, { ip: '127.0.0.1', userAgent: 'x' })
  assert.equal((await sessions.find(token))?.userId, 1)
  assert.equal(await sessions.find(token.replace(/.$/, (last) => (last === '0' ? '1' : '0'))), undefined)
  const row = await db.selectFrom('user_auth_token').selectAll().executeTakeFirstOrThrow()
  assert.ok(!Object.values(row).includes(token), 'only a hash is stored')
  await sessions.end(token)
  assert.equal(await sessions.find(token), undefined)
})

test('tokens rotate; the one before is good for a minute', async () => {
  const { sessions, clock } = await setUp()
  const first = await sessions.begin(1, { ip: '', userAgent: '' })
  await clock.advance(LIMITS.rotationMs)
  const second = (await sessions.find(first))?.rotatedToken
  assert.ok(second)
  assert.equal((await sessions.find(first))?.rotatedToken, undefined)
  assert.ok(await sessions.find(second))
  await clock.advance(60_001)
  assert.equal(await sessions.find(first), undefined)
  assert.ok(await sessions.find(second))
})

test('sessions end when idle too long and when too old', async () => {
  const { sessions, clock, db } = await setUp()
  const idle = await sessions.begin(1, { ip: '', userAgent: '' })
  await clock.advance(7 * DAY_MS + 1)
  assert.equal(await sessions.find(idle), undefined)
  let token = await sessions.begin(1, { ip: '', userAgent: '' })
  for (let day = 0; day < 30; day += 5) {
    await clock.advance(5 * DAY_MS)
    token = (await sessions.find(token))?.rotatedToken ?? token
  }
  await clock.advance(1)
  assert.equal(await sessions.find(token), undefined)
  await sessions.removeExpired()
  assert.equal((await db.selectFrom('user_auth_token').selectAll().execute()).length, 0)
})
