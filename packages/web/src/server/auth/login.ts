import type { Clock } from '@quartet/runtime'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Database } from '../storage/database.ts'
import type { UserRow, Users } from '../storage/users.ts'
import { hashPassword, verifyPassword } from './password.ts'

/** Upstream's lockout: after this many failures for one user name within the window nothing is let through. */
export const MAX_FAILURES = 5
export const WINDOW_MS = 5 * 60_000
/** Scripts send basic auth with every request; a checked pair is remembered this long. */
const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 100

/** The administrator whom the settings name, with a password or without. */
export interface ConfiguredAdmin {
  readonly login: string
  readonly password: string
  readonly email: string
}

/** Checks names and passwords. Says nothing about why it refuses, as upstream does. */
export class Login {
  readonly #db: Database
  readonly #users: Users
  readonly #clock: Clock
  readonly #isLockoutOn: boolean
  readonly #admin: ConfiguredAdmin | undefined
  readonly #remembered = new Map<string, { userId: number; untilMs: number }>()
  #decoy: Promise<string> | undefined

  constructor(options: { db: Database; users: Users; clock: Clock; isLockoutOn: boolean; admin?: ConfiguredAdmin }) {
    this.#db = options.db
    this.#users = options.users
    this.#clock = options.clock
    this.#isLockoutOn = options.isLockoutOn
    this.#admin = options.admin
  }

  /**
   * As {@link check}, for the form on the login page. The configured administrator is let in by the configured password whatever the
   * database says: whoever sets it owns this server, and it is the way in when single sign-on is broken.
   */
  async checkForm(login: string, password: string): Promise<UserRow | undefined> {
    const admin = this.#admin
    const isConfigured = admin !== undefined && admin.password !== '' && this.isAdminName(login)
    if (isConfigured && isSame(password, admin.password) && !(await this.#isLocked(login))) return this.#admit(admin)
    return this.check(login, password)
  }

  isAdminName(login: string): boolean {
    return this.#admin !== undefined && login.toLowerCase() === this.#admin.login.toLowerCase()
  }

  async check(login: string, password: string): Promise<UserRow | undefined> {
    if (login === '' || password === '' || login.length > 190 || password.length > 1000) return undefined
    if (await this.#isLocked(login)) return undefined
    const user = await this.#users.find(login)
    // An unknown name, or somebody without a password, costs as much as a wrong one, so that names cannot be guessed by the clock.
    const isRight = await verifyPassword(password, user?.password || (await this.#decoyHash()))
    if (user && isRight) {
      await this.#users.claim(user.id)
      return user
    }
    await this.#db.insertInto('login_attempt').values({ username: login, created_ms: this.#clock.nowMs() }).execute()
    return undefined
  }

  /** As {@link check}, for credentials that come with every request. */
  async checkOften(login: string, password: string): Promise<UserRow | undefined> {
    const key = createHash('sha256').update(`${login}\0${password}`).digest('base64')
    const known = this.#remembered.get(key)
    if (known && known.untilMs > this.#clock.nowMs()) return this.#users.get(known.userId)
    this.#remembered.delete(key)
    const user = await this.check(login, password)
    if (!user) return undefined
    const oldest = this.#remembered.size < MAX_REMEMBERED ? undefined : this.#remembered.keys().next().value
    if (oldest !== undefined) this.#remembered.delete(oldest)
    this.#remembered.set(key, { userId: user.id, untilMs: this.#clock.nowMs() + REMEMBER_MS })
    return user
  }

  async removeOldAttempts(): Promise<void> {
    await this.#db
      .deleteFrom('login_attempt')
      .where('created_ms', '<', this.#clock.nowMs() - WINDOW_MS)
      .execute()
  }

  async #isLocked(login: string): Promise<boolean> {
    if (!this.#isLockoutOn) return false
    const row = await this.#db
      .selectFrom('login_attempt')
      .select((eb) => eb.fn.countAll<number>().as('failures'))
      .where('username', '=', login)
      .where('created_ms', '>=', this.#clock.nowMs() - WINDOW_MS)
      .executeTakeFirst()
    return (row?.failures ?? 0) >= MAX_FAILURES
  }

  async #admit(admin: ConfiguredAdmin): Promise<UserRow | undefined> {
    const nowMs = this.#clock.nowMs()
    const known = await this.#users.findAny(admin.login)
    if (known && (known.is_admin !== 1 || known.is_disabled === 1)) await this.#users.makeAdmin(known.id, nowMs)
    const created = { login: admin.login, email: admin.email, isAdmin: true, nowMs }
    const id = known?.id ?? (await this.#users.create({ ...created, passwordHash: await hashPassword(admin.password) }))
    await this.#users.claim(id)
    return this.#users.get(id)
  }

  #decoyHash(): Promise<string> {
    this.#decoy ??= hashPassword('nobody has this password')
    return this.#decoy
  }
}

/** Compares hashes, so that the time tells nothing about where two passwords differ. */
function isSame(left: string, right: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(left), hash(right))
}
