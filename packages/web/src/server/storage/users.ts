import { sql } from 'kysely'
import type { OrgRole, UserPreferences } from '../../common/api.ts'
import type { Database } from './database.ts'
import type { UserRow } from './schema.ts'

export type { UserRow }

const UNCLAIMED = 'unclaimed_admin'

/** What an identity provider says about somebody. */
export interface ExternalUser {
  readonly login: string
  readonly email: string
  readonly name: string
  readonly role: OrgRole
  readonly isAdmin: boolean
}

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

  /**
   * Somebody whom an identity provider knows; has no password here.
   * @throws Error when the login is taken
   */
  async createExternal(user: ExternalUser & { authModule: string; authId: string; nowMs: number }): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      const { insertId } = await transaction
        .insertInto('user')
        .values({
          ...columnsOf(user),
          password: '',
          is_disabled: 0,
          created_ms: user.nowMs,
          updated_ms: user.nowMs,
          last_seen_ms: user.nowMs,
        })
        .executeTakeFirstOrThrow()
      const userId = Number(insertId)
      const { authModule: auth_module, authId: auth_id, nowMs: created_ms } = user
      await transaction.insertInto('user_auth').values({ user_id: userId, auth_module, auth_id, created_ms }).execute()
      return userId
    })
  }

  /** Takes over what the provider says now. */
  async updateExternal(id: number, user: Partial<ExternalUser>, nowMs: number): Promise<void> {
    await this.#db
      .updateTable('user')
      .set({ ...columnsOf(user), updated_ms: nowMs, last_seen_ms: nowMs })
      .where('id', '=', id)
      .execute()
  }

  /** From now on the two are one person. */
  async linkExternal(userId: number, link: { authModule: string; authId: string; nowMs: number }): Promise<void> {
    const { authModule: auth_module, authId: auth_id, nowMs: created_ms } = link
    await this.#db
      .insertInto('user_auth')
      .values({ user_id: userId, auth_module, auth_id, created_ms })
      .onConflict((conflict) => conflict.columns(['auth_module', 'auth_id']).doUpdateSet({ user_id: userId }))
      .execute()
  }

  /** Disabled users too. */
  findExternal(authModule: string, authId: string): Promise<UserRow | undefined> {
    return this.#db
      .selectFrom('user')
      .innerJoin('user_auth', 'user_auth.user_id', 'user.id')
      .selectAll('user')
      .where('auth_module', '=', authModule)
      .where('auth_id', '=', authId)
      .executeTakeFirst()
  }

  /** Whom a new login or e-mail address would collide with; disabled users too. */
  findAny(loginOrEmail: string): Promise<UserRow | undefined> {
    return this.#db
      .selectFrom('user')
      .selectAll()
      .where((eb) => eb.or([eb('login', '=', loginOrEmail), eb('email', '=', loginOrEmail)]))
      .executeTakeFirst()
  }

  /** Makes sure that this user is an administrator who may sign in. */
  async makeAdmin(id: number, nowMs: number): Promise<void> {
    await this.#db
      .updateTable('user')
      .set({ is_admin: 1, org_role: 'Admin', is_disabled: 0, updated_ms: nowMs })
      .where('id', '=', id)
      .execute()
  }

  /** @returns whether there is such a user */
  async setDisabled(id: number, isDisabled: boolean, nowMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('user')
      .set({ is_disabled: isDisabled ? 1 : 0, updated_ms: nowMs })
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return numUpdatedRows > 0n
  }

  /** Disabled users too. */
  getAny(id: number): Promise<UserRow | undefined> {
    return this.#db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst()
  }

  async markSeen(id: number, nowMs: number): Promise<void> {
    await this.#db.updateTable('user').set({ last_seen_ms: nowMs }).where('id', '=', id).execute()
  }

  /** A part of all users whose login, e-mail address or name contains `query`, in the order of their logins. */
  async search(options: { query: string; offset: number; limit: number }): Promise<{
    readonly total: number
    readonly users: readonly (UserRow & { readonly authModule: string | null })[]
  }> {
    const pattern = `%${options.query.replaceAll(/[\\%_]/g, '\\$&')}%`
    const like = (column: 'login' | 'email' | 'name') =>
      sql<boolean>`${sql.ref(`user.${column}`)} like ${pattern} escape '\\'`
    const matching = this.#db.selectFrom('user').where((eb) => eb.or([like('login'), like('email'), like('name')]))
    const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
    const users = await matching
      .selectAll('user')
      .select((eb) =>
        eb
          .selectFrom('user_auth')
          .select('auth_module')
          .whereRef('user_auth.user_id', '=', 'user.id')
          .orderBy('user_auth.id', 'desc')
          .limit(1)
          .as('authModule'),
      )
      .orderBy('user.login')
      .offset(options.offset)
      .limit(options.limit)
      .execute()
    return { total, users }
  }

  /** How the user is known at a provider; `undefined` for a local user. */
  async authModule(userId: number): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('user_auth')
      .select('auth_module')
      .where('user_id', '=', userId)
      .orderBy('id', 'desc')
      .executeTakeFirst()
    return row?.auth_module
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

interface ExternalColumns {
  readonly login: string
  readonly email: string
  readonly name: string
  readonly org_role: OrgRole
  readonly is_admin: number
}

function columnsOf(user: ExternalUser): ExternalColumns
function columnsOf(user: Partial<ExternalUser>): Partial<ExternalColumns>
function columnsOf({ login, email, name, role, isAdmin }: Partial<ExternalUser>): Partial<ExternalColumns> {
  return {
    ...(login !== undefined && { login }),
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    ...(role !== undefined && { org_role: role }),
    ...(isAdmin !== undefined && { is_admin: isAdmin ? 1 : 0 }),
  }
}
