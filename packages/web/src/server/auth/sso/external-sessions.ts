import type { Clock, Logger } from '@quartet/runtime'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import type { Database } from '../../storage/database.ts'
import type { SealedText } from '../../storage/sealed-text.ts'
import { explainProviderError } from './explain.ts'
import type { Provider, Tokens } from './provider.ts'
import { AUTH_MODULE } from './user-sync.ts'

/** Refreshed a little before it expires, since the provider's clock may be ahead. */
const EARLY_MS = 10_000
/** How long a provider that does not answer is left alone. */
const RETRY_MS = 30_000

interface StoredTokens {
  readonly refreshToken: string
  readonly idToken: string
}

/** What the provider gave out for each session: the id token for signing out there, and the refresh token that keeps it alive. */
export class ExternalSessions {
  readonly #db: Database
  readonly #sealed: SealedText
  readonly #settings: OAuthSettings
  readonly #provider: Provider
  readonly #clock: Clock
  readonly #logger: Logger
  /** Sessions that are being refreshed, or whose refresh failed for now. */
  readonly #refreshing = new Map<number, Promise<boolean>>()
  readonly #retryAtMs = new Map<number, number>()

  constructor(options: {
    db: Database
    sealed: SealedText
    settings: OAuthSettings
    provider: Provider
    clock: Clock
    logger: Logger
  }) {
    this.#db = options.db
    this.#sealed = options.sealed
    this.#settings = options.settings
    this.#provider = options.provider
    this.#clock = options.clock
    this.#logger = options.logger
  }

  async save(sessionId: number, tokens: Tokens): Promise<void> {
    const values = { auth_module: AUTH_MODULE, ...this.#columns(tokens) }
    await this.#db
      .insertInto('user_external_session')
      .values({ session_id: sessionId, ...values })
      .onConflict((conflict) => conflict.column('session_id').doUpdateSet(values))
      .execute()
  }

  /** `undefined` when the session did not begin at the provider; empty when it gave no id token. */
  async idToken(sessionId: number): Promise<string | undefined> {
    const row = await this.#row(sessionId)
    return row && (this.#open(row.tokens)?.idToken ?? '')
  }

  /**
   * Whether the session may go on; refreshes its tokens when they have run out. While the provider does not answer it goes on; it
   * ends when the provider says that it is over.
   */
  async isAlive(sessionId: number): Promise<boolean> {
    if (!this.#settings.usesRefreshToken) return true
    const row = await this.#row(sessionId)
    if (!row || row.expires_ms === 0 || row.expires_ms - EARLY_MS > this.#clock.nowMs()) return true
    if ((this.#retryAtMs.get(sessionId) ?? 0) > this.#clock.nowMs()) return true
    const tokens = this.#open(row.tokens)
    // Sealed with another secret_key: the session cannot be kept alive, so it is over.
    if (!tokens) return false
    const running = this.#refreshing.get(sessionId)
    if (running) return running
    const refreshing = this.#refresh(sessionId, tokens).finally(() => this.#refreshing.delete(sessionId))
    this.#refreshing.set(sessionId, refreshing)
    return refreshing
  }

  async #refresh(sessionId: number, stored: StoredTokens): Promise<boolean> {
    this.#retryAtMs.delete(sessionId)
    try {
      const tokens = await this.#provider.refresh(stored.refreshToken)
      const refreshToken = tokens.refreshToken || stored.refreshToken
      await this.save(sessionId, { ...tokens, refreshToken, idToken: tokens.idToken || stored.idToken })
      return true
    } catch (error) {
      const { clockDifferenceMs } = this.#provider.http
      const { kind, message } = explainProviderError(error, { settings: this.#settings, clockDifferenceMs })
      const isOver = kind === 'code_rejected' || kind === 'token_rejected'
      if (isOver) this.#logger.info({ sessionId, reason: message }, 'session ended at the identity provider')
      else {
        this.#forgetOldRetries()
        this.#retryAtMs.set(sessionId, this.#clock.nowMs() + RETRY_MS)
        this.#logger.warn({ sessionId, reason: message }, 'session could not be refreshed, will be tried again')
      }
      return !isOver
    }
  }

  #forgetOldRetries(): void {
    for (const [sessionId, atMs] of this.#retryAtMs) if (atMs <= this.#clock.nowMs()) this.#retryAtMs.delete(sessionId)
  }

  #columns({ refreshToken, idToken, expiresMs }: Tokens): { tokens: string; expires_ms: number } {
    const isRefreshed = this.#settings.usesRefreshToken && refreshToken !== ''
    const stored: StoredTokens = { refreshToken: isRefreshed ? refreshToken : '', idToken }
    return { tokens: this.#sealed.seal(JSON.stringify(stored)), expires_ms: isRefreshed ? expiresMs : 0 }
  }

  #open(tokens: string): StoredTokens | undefined {
    const text = this.#sealed.open(tokens)
    return text === undefined ? undefined : (JSON.parse(text) as StoredTokens)
  }

  #row(sessionId: number) {
    return this.#db
      .selectFrom('user_external_session')
      .selectAll()
      .where('session_id', '=', sessionId)
      .executeTakeFirst()
  }
}
