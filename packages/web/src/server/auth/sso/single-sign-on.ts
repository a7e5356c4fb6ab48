import type { Clock, Logger } from '@quartet/runtime'
import type { EvaluateRequest, SignInTestDto } from '../../../common/sign-in.ts'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import type { Database } from '../../storage/database.ts'
import { SealedText } from '../../storage/sealed-text.ts'
import type { UserRow, Users } from '../../storage/users.ts'
import { admissionProblem } from './admission.ts'
import { explainProviderError } from './explain.ts'
import { ExternalSessions } from './external-sessions.ts'
import { Flows } from './flows.ts'
import type { Flow } from './flows.ts'
import { identify } from './identity.ts'
import type { Identification } from './identity.ts'
import { Kept } from './kept.ts'
import { Provider } from './provider.ts'
import type { Tokens } from './provider.ts'
import type { SignInError } from './sign-in-error.ts'
import { explainState } from './state-problems.ts'
import type { CallbackContext } from './state-problems.ts'
import { UserSync } from './user-sync.ts'

export type Outcome =
  | { readonly kind: 'signed-in'; readonly user: UserRow; readonly tokens: Tokens; readonly redirectTo: string }
  | { readonly kind: 'tested'; readonly test: SignInTestDto }
  | { readonly kind: 'failed'; readonly error: SignInError }

interface KeptTest {
  readonly userId: number
  readonly test: SignInTestDto
  readonly organizations: readonly string[]
}

const MAX_TESTS = 20
const TEST_AGE_MS = 30 * 60_000

/** Generic OAuth and OpenID Connect: from the button on the login page to a user of this server. */
export class SingleSignOn {
  readonly settings: OAuthSettings
  readonly sessions: ExternalSessions
  readonly #flows: Flows
  readonly #provider: Provider
  readonly #sync: UserSync
  readonly #clock: Clock
  readonly #tests: Kept<KeptTest & { id: string }>

  constructor(options: {
    settings: OAuthSettings
    db: Database
    users: Users
    secretKey: string
    clock: Clock
    logger: Logger
  }) {
    const { settings, db, secretKey, clock, logger } = options
    this.settings = settings
    this.#clock = clock
    this.#provider = new Provider({ settings, clock })
    this.#sync = new UserSync(options)
    this.#tests = new Kept({ clock, maxCount: MAX_TESTS, maxAgeMs: TEST_AGE_MS })
    const stateSeal = new SealedText({ secretKey, purpose: 'oauth state' })
    this.#flows = new Flows({ sealed: stateSeal, clock, maxAgeMs: settings.flowMaxAgeMs })
    const sealed = new SealedText({ secretKey, purpose: 'oauth tokens' })
    this.sessions = new ExternalSessions({ db, sealed, settings, provider: this.#provider, clock, logger })
  }

  close(): void {
    this.#provider.http.close()
  }

  /**
   * @param cookie `oauth_state` as the browser sent it
   * @returns where to send the browser, and its new cookie
   * @throws SignInError
   */
  async begin(
    cookie: string | undefined,
    options: { redirectTo: string; testedBy?: number },
  ): Promise<{ location: string; cookie: string }> {
    const begun = this.#flows.begin(cookie, options)
    try {
      const location = await this.#provider.authorizationUrl(begun.flow)
      return { location: location.href, cookie: begun.cookie }
    } catch (error) {
      throw this.#explain(error)
    }
  }

  /**
   * The browser is back.
   * @returns what came of it, and the cookie without this sign-in
   */
  async finish(
    answer: URLSearchParams,
    cookie: string | undefined,
    context: Omit<CallbackContext, 'maxAgeMs' | 'redirectUri'>,
  ): Promise<{ outcome: Outcome; cookie: string }> {
    const found = this.#flows.take(cookie, answer.get('state') ?? '')
    if (found.kind !== 'found') {
      const { redirectUri } = this.settings
      const error = explainState(found, { ...context, redirectUri, maxAgeMs: this.#flows.maxAgeMs })
      return { outcome: { kind: 'failed', error }, cookie: found.kind === 'unknown' ? (cookie ?? '') : '' }
    }
    const { flow, rest } = found
    const outcome = flow.testedBy === undefined ? this.#signIn(answer, flow) : this.#tryOut(answer, flow, flow.testedBy)
    return { outcome: await outcome, cookie: rest }
  }

  /** @param userId who began the test */
  test(id: string, userId: number): SignInTestDto | undefined {
    const kept = this.#tests.get(id)
    return kept?.userId === userId ? kept.test : undefined
  }

  /** What other expressions would give for the claims of a test. */
  async evaluate(id: string, userId: number, wanted: EvaluateRequest): Promise<SignInTestDto | undefined> {
    const kept = this.#tests.get(id)
    if (kept?.userId !== userId) return undefined
    const { paths } = this.settings
    const settings = {
      ...this.settings,
      paths: {
        role: wanted.roleAttributePath ?? paths.role,
        groups: wanted.groupsAttributePath ?? paths.groups,
        login: wanted.loginAttributePath ?? paths.login,
        name: wanted.nameAttributePath ?? paths.name,
        email: wanted.emailAttributePath ?? paths.email,
      },
    }
    return this.#report({ id, at: kept.test.at, sources: kept.test.sources }, settings, kept.organizations)
  }

  async #signIn(answer: URLSearchParams, flow: Flow): Promise<Outcome> {
    try {
      const tokens = await this.#provider.exchange(answer, flow)
      const { user: mapped, error } = await identify(await this.#provider.claims(tokens), this.settings)
      if (!mapped) throw error ?? new Error('neither a user nor an error')
      const refused = admissionProblem(mapped, this.settings, await this.#organizations(tokens))
      if (refused) throw refused
      return { kind: 'signed-in', user: await this.#sync.apply(mapped), tokens, redirectTo: flow.redirectTo }
    } catch (error) {
      return { kind: 'failed', error: this.#explain(error) }
    }
  }

  async #tryOut(answer: URLSearchParams, flow: Flow, userId: number): Promise<Outcome> {
    const at = new Date(this.#clock.nowMs()).toISOString()
    const keep = (test: SignInTestDto, organizations: readonly string[] = []): Outcome => {
      const kept = this.#tests.put((id) => ({ id, userId, organizations, test: { ...test, id } }))
      return { kind: 'tested', test: kept.test }
    }
    try {
      const tokens = await this.#provider.exchange(answer, flow)
      const sources = await this.#provider.claims(tokens)
      const organizations = await this.#organizations(tokens)
      return keep(await this.#report({ id: '', at, sources }, this.settings, organizations), organizations)
    } catch (error) {
      const problem = { id: '', ...this.#explain(error).explanation }
      return keep({ id: '', at, sources: [], attributes: [], effect: '', problem })
    }
  }

  async #report(
    test: Pick<SignInTestDto, 'id' | 'at' | 'sources'>,
    settings: OAuthSettings,
    organizations: readonly string[],
  ): Promise<SignInTestDto> {
    const { attributes, user, error }: Identification = await identify(test.sources, settings)
    const refused = error ?? (user && admissionProblem(user, settings, organizations))
    return {
      ...test,
      attributes,
      effect: user ? await this.#sync.preview(user) : '',
      ...(user && { user }),
      ...(refused && { problem: { id: '', ...refused.explanation } }),
    }
  }

  async #organizations(tokens: Tokens): Promise<readonly string[]> {
    return this.settings.allowedOrganizations.length === 0 ? [] : this.#provider.organizations(tokens)
  }

  #explain(error: unknown): SignInError {
    const { clockDifferenceMs } = this.#provider.http
    return explainProviderError(error, { settings: this.settings, clockDifferenceMs })
  }
}
