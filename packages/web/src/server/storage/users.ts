import type { UserPreferences } from '../../common/api.ts'
import type { Database } from './database.ts'
import type { UserRow } from './schema.ts'

export type { UserRow }

const UNCLAIMED = 'unclaimed_admin'

/** People who may log in, and how they like the page. */
export class Users {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom('user')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirst()
    return row?.count ?? 0
  }

  async create(user: {
    login: string
    email: string
    passwordHash: string
    isAdmin: boolean
    nowMs: number
  }): Promise<number> {
    const { insertId } = await this.#db
      .insertInto('user')
      .values({
        login: user.login,
        email: user.email,
        name: '',
        password: user.passwordHash,
        org_role: user.isAdmin ? 'Admin' : 'Viewer',
        is_admin: user.isAdmin ? 1 : 0,
        is_disabled: 0,
        created_ms: user.nowMs,
        updated_ms: user.nowMs,
        last_seen_ms: user.nowMs,
      })
      .executeTakeFirstOrThrow()
    return Number(insertId)
  }

  /** By login or e-mail address, letters of either case. */
  find(loginOrEmail: string): Promise<UserRow | undefined> {
    return this.#db
      .selectFrom('user')
      .selectAll()
      .where((eb) => eb.or([eb('login', '=', loginOrEmail), eb('email', '=', loginOrEmail)]))
      .where('is_disabled', '=', 0)
      .executeTakeFirst()
  }

  get(id: number): Promise<UserRow | undefined> {
    return this.#db.selectFrom('user').selectAll().where('id', '=', id).where('is_disabled', '=', 0).executeTakeFirst()
  }

  async setPassword(id: number, passwordHash: string, nowMs: number): Promise<void> {
    await this.#db.updateTable('user').set({ password: passwordHash, updated_ms: nowMs }).where('id', '=', id).execute()
  }

  /** Remembers that nobody has used this user's generated password yet. */
  async markUnclaimed(id: number): Promise<void> {
    await this.#db
      .insertInto('kv_store')
      .values({ key: UNCLAIMED, value: String(id) })
      .execute()
  }

  async unclaimed(): Promise<UserRow | undefined> {
    const row = await this.#db.selectFrom('kv_store').select('value').where('key', '=', UNCLAIMED).executeTakeFirst()
    return row && this.get(Number(row.value))
  }

  /** The user has logged in: a generated password stays as it is from now on. */
  async claim(id: number): Promise<void> {
    await this.#db.deleteFrom('kv_store').where('key', '=', UNCLAIMED).where('value', '=', String(id)).execute()
  }

  async preferences(userId: number, defaults: UserPreferences): Promise<UserPreferences> {
    const row = await this.#db.selectFrom('preferences').selectAll().where('user_id', '=', userId).executeTakeFirst()
    if (!row) return defaults
    return {
      theme: isTheme(row.theme) ? row.theme : defaults.theme,
      timezone: row.timezone || defaults.timezone,
      weekStart: row.week_start || defaults.weekStart,
    }
  }

  async setPreferences(userId: number, preferences: UserPreferences): Promise<void> {
    const values = { theme: preferences.theme, timezone: preferences.timezone, week_start: preferences.weekStart }
    await this.#db
      .insertInto('preferences')
      .values({ user_id: userId, ...values })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
      .execute()
  }
}

export function isTheme(text: string): text is UserPreferences['theme'] {
  return text === 'dark' || text === 'light' || text === 'system'
}
