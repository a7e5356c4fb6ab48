import { HttpError } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { AuthenticationDto, EvaluateRequest, SettingDto, SignInTestDto } from '../../common/sign-in.ts'
import { KNOWN_KEYS } from '../config/known-keys.ts'
import { CALLBACK_PATH } from '../config/oauth-settings.ts'
import { requireServerAdmin } from './authentication.ts'
import { signInHints } from './sign-in-hints.ts'
import type { Services } from './services.ts'

/** What the page Administration → Authentication shows, and what it tries out. */
export function addAuthenticationRoutes(api: FastifyInstance, services: Services): void {
  api.get('/api/admin/authentication', async (request): Promise<AuthenticationDto> => {
    requireServerAdmin(request)
    const rootUrl = services.settings.text('server', 'root_url')
    const base = rootUrl.replace(/\/$/, '')
    return {
      isEnabled: services.singleSignOn !== undefined,
      name: services.settings.text('auth.generic_oauth', 'name'),
      redirectUri: base + CALLBACK_PATH,
      postLogoutRedirectUri: `${base}/login`,
      rootUrl,
      settings: effectiveSettings(services),
      hints: signInHints(services, request.headers.host ?? ''),
    }
  })

  type Params = { Params: { id: string } }
  api.get<Params>('/api/admin/authentication/tests/:id', async (request): Promise<SignInTestDto> => {
    const user = requireServerAdmin(request)
    const test = services.singleSignOn?.test(request.params.id, user.id)
    if (!test) throw new HttpError(404, 'This test is not kept any more')
    return test
  })
  api.post<Params>('/api/admin/authentication/tests/:id/evaluate', async (request): Promise<SignInTestDto> => {
    const user = requireServerAdmin(request)
    const wanted = checkedRequest(request.body)
    const test = await services.singleSignOn?.evaluate(request.params.id, user.id, wanted)
    if (!test) throw new HttpError(404, 'This test is not kept any more')
    return test
  })
}

const OTHER_KEYS = [
  ['server', 'root_url'],
  ['auth', 'disable_login_form'],
  ['auth', 'oauth_auto_login'],
  ['auth', 'signout_redirect_url'],
  ['auth', 'oauth_state_cookie_max_age'],
  ['auth', 'oauth_allow_insecure_email_lookup'],
  ['users', 'auto_assign_org_role'],
  ['security', 'cookie_secure'],
  ['security', 'cookie_samesite'],
] as const

function effectiveSettings({ settings }: Services): SettingDto[] {
  const own = Object.entries(KNOWN_KEYS['auth.generic_oauth']).filter(
    // What cannot be set to anything is not worth a line.
    ([, known]) => known.kind !== 'choice' || known.choices.length > 1,
  )
  const describe = (section: string, key: string): SettingDto => {
    const known = KNOWN_KEYS[section][key]
    const isSecret = known.kind === 'text' && known.secret === true
    const value = String(settings.values[section][key])
    return {
      key: section === 'auth.generic_oauth' ? key : `[${section}] ${key}`,
      value: isSecret && value !== '' ? '*********' : value,
      origin: settings.origin(section, key) ?? 'default',
    }
  }
  return [
    ...own.map(([key]) => describe('auth.generic_oauth', key)),
    ...OTHER_KEYS.map(([section, key]) => describe(section, key)),
  ]
}

const EXPRESSION_KEYS = [
  'roleAttributePath',
  'groupsAttributePath',
  'loginAttributePath',
  'nameAttributePath',
  'emailAttributePath',
] as const

function checkedRequest(body: unknown): EvaluateRequest {
  const wanted: Record<string, string> = {}
  for (const key of EXPRESSION_KEYS) {
    const value = ((body ?? {}) as Record<string, unknown>)[key]
    if (value === undefined) continue
    if (typeof value !== 'string') throw new HttpError(400, `${key} must be a text`)
    wanted[key] = value.trim()
  }
  return wanted
}
