import type { Clock } from '@quartet/runtime'
import { createHash } from 'node:crypto'
import type { Database } from '../storage/database.ts'
import type { UserRow, Users } from '../storage/users.ts'
import { hashPassword, verifyPassword } from './password.ts'

/** Upstream's lockout: after this many failures for one user name within the window nothing is let through. */
export const MAX_FAILURES = 5
export const WINDOW_MS = 5 * 60_000
/** Scripts send basic auth with every request; a checked pair is remembered this long. */
const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 100

/** Checks names and passwords. Says nothing about why it refuses, as upstream does. */
export class Login {
  readonly #db: Database
  readonly #users: Users
  readonly #clock: Clock
  readonly #isLockoutOn: boolean
  readonly #remembered = new Map<string, { userId: number; untilMs: number }>()
  #decoy: Promise<string> | undefined

  constructor(options: { db: Database; users: Users; clock: Clock; isLockoutOn: boolean }) {
    this.#db = options.db
    this.#users = options.users
    this.#clock = options.clock
    this.#isLockoutOn = options.isLockoutOn
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

  #decoyHash(): Promise<string> {
    this.#decoy ??= hashPassword('nobody has this password')
    return this.#decoy
  }
}
