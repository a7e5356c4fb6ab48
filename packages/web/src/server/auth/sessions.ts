import type { Clock } from '@quartet/runtime'
import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from '../storage/database.ts'
import type { AuthTokenRow } from '../storage/schema.ts'

export interface SessionLimits {
  readonly maxLifetimeMs: number
  readonly maxIdleMs: number
  readonly rotationMs: number
}

export interface Session {
  readonly id: number
  readonly userId: number
  /** A fresh token for the cookie, when the old one was due. */
  readonly rotatedToken: string | undefined
}

/** Requests that were on their way when a token was rotated still carry the one before. */
const PREVIOUS_TOKEN_GRACE_MS = 60_000
/** How exactly the last use is recorded; a write for every request would be too many. */
const SEEN_RESOLUTION_MS = 60_000

/**
 * Logins, kept on the server, as upstream does: a random token in the cookie, its keyed hash in the database. So a session can be
 * ended from either side, which a sealed cookie (@fastify/secure-session) could not.
 */
export class Sessions {
  readonly #db: Database
  readonly #clock: Clock
  readonly #secretKey: string
  readonly #limits: SessionLimits

  constructor(options: { db: Database; clock: Clock; secretKey: string; limits: SessionLimits }) {
    this.#db = options.db
    this.#clock = options.clock
    this.#secretKey = options.secretKey
    this.#limits = options.limits
  }

  get limits(): SessionLimits {
    return this.#limits
  }

  /** @returns the token for the cookie; it is not kept anywhere else */
  async begin(userId: number, client: { ip: string; userAgent: string }): Promise<string> {
    const token = newToken()
    const nowMs = this.#clock.nowMs()
    await this.#db
      .insertInto('user_auth_token')
      .values({
        user_id: userId,
        token_hash: this.#hash(token),
        previous_hash: '',
        rotated_ms: nowMs,
        seen_ms: nowMs,
        created_ms: nowMs,
        client_ip: client.ip,
        user_agent: client.userAgent.slice(0, 255),
      })
      .execute()
    return token
  }

  async find(token: string): Promise<Session | undefined> {
    const hash = this.#hash(token)
    const row = await this.#db
      .selectFrom('user_auth_token')
      .selectAll()
      .where((eb) => eb.or([eb('token_hash', '=', hash), eb('previous_hash', '=', hash)]))
      .executeTakeFirst()
    if (!row || this.#isOver(row)) return undefined
    const isCurrent = row.token_hash === hash
    const nowMs = this.#clock.nowMs()
    if (!isCurrent && nowMs - row.rotated_ms > PREVIOUS_TOKEN_GRACE_MS) return undefined
    const rotatedToken =
      isCurrent && nowMs - row.rotated_ms >= this.#limits.rotationMs ? await this.#rotate(row) : undefined
    if (nowMs - row.seen_ms >= SEEN_RESOLUTION_MS) {
      await this.#db.updateTable('user_auth_token').set({ seen_ms: nowMs }).where('id', '=', row.id).execute()
    }
    return { id: row.id, userId: row.user_id, rotatedToken }
  }

  async end(token: string): Promise<void> {
    const hash = this.#hash(token)
    await this.#db
      .deleteFrom('user_auth_token')
      .where((eb) => eb.or([eb('token_hash', '=', hash), eb('previous_hash', '=', hash)]))
      .execute()
  }

  /** Of one user, the latest used first. */
  async list(userId: number): Promise<readonly AuthTokenRow[]> {
    const rows = await this.#db
      .selectFrom('user_auth_token')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('seen_ms', 'desc')
      .execute()
    return rows.filter((row) => !this.#isOver(row))
  }

  /** @returns whether the user had this session */
  async endOne(userId: number, id: number): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('user_auth_token')
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow()
    return numDeletedRows > 0n
  }

  async endAll(userId: number): Promise<void> {
    await this.#db.deleteFrom('user_auth_token').where('user_id', '=', userId).execute()
  }

  async removeExpired(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    await this.#db
      .deleteFrom('user_auth_token')
      .where((eb) =>
        eb.or([
          eb('created_ms', '<', nowMs - this.#limits.maxLifetimeMs),
          eb('seen_ms', '<', nowMs - this.#limits.maxIdleMs),
        ]),
      )
      .execute()
  }

  #isOver(row: AuthTokenRow): boolean {
    const nowMs = this.#clock.nowMs()
    return nowMs - row.created_ms > this.#limits.maxLifetimeMs || nowMs - row.seen_ms > this.#limits.maxIdleMs
  }

  /** `undefined` when another request was faster; that one carries the new token. */
  async #rotate(row: AuthTokenRow): Promise<string | undefined> {
    const token = newToken()
    const { numUpdatedRows } = await this.#db
      .updateTable('user_auth_token')
      .set({ token_hash: this.#hash(token), previous_hash: row.token_hash, rotated_ms: this.#clock.nowMs() })
      .where('id', '=', row.id)
      .where('token_hash', '=', row.token_hash)
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n ? token : undefined
  }

  #hash(token: string): string {
    return createHmac('sha256', this.#secretKey).update(token).digest('base64url')
  }
}

function newToken(): string {
  return randomBytes(32).toString('hex')
}
