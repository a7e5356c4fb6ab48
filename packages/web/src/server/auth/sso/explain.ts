import type { OAuthSettings } from '../../config/oauth-settings.ts'
import { ProviderUnreachableError } from './provider-http.ts'
import { SignInError } from './sign-in-error.ts'
import type { ProblemKind } from './sign-in-error.ts'

export interface ProviderContext {
  readonly settings: OAuthSettings
  readonly clockDifferenceMs: number | undefined
}

/** Turns what went wrong at or with the provider into something that a person can act on. */
export function explainProviderError(error: unknown, context: ProviderContext): SignInError {
  if (error instanceof SignInError) return error
  const chain = [...causes(error)]
  const unreachable = chain.find((item) => item instanceof ProviderUnreachableError)
  if (unreachable) return explainUnreachable(unreachable, context)
  const refusal = chain.find((item): item is Error & OAuthRefusal => typeof (item as OAuthRefusal).error === 'string')
  if (refusal) return explainRefusal(refusal, context)
  const isCheck = chain.some(
    ({ name, ...rest }) => name === 'ClientError' || String((rest as OAuthRefusal).code).startsWith('OAUTH_'),
  )
  return isCheck ? explainCheck(error, chain, context) : explainOwnFailure(error)
}

function explainOwnFailure(error: unknown): SignInError {
  return problem(error, 'internal', {
    title: 'The sign-in failed inside of Quartet',
    detail: 'This is no mistake of yours, nor of the provider.',
    remedies: ['Look for the error id in the log of this server, where the cause stands, and report it.'],
  })
}

interface OAuthRefusal {
  readonly error?: unknown
  readonly error_description?: unknown
  readonly code?: unknown
}

function explainUnreachable(error: ProviderUnreachableError, { settings }: ProviderContext): SignInError {
  return problem(error, 'provider_unreachable', {
    title: `${settings.name} does not answer`,
    detail: error.message,
    remedies: [
      'Try again in a moment; the provider may be starting.',
      'The address must be reachable from this server, which may be another one than your browser can reach: under compose token_url and api_url name the service, auth_url has the public name, and issuer stays empty.',
      'For an untrusted certificate set tls_client_ca to the file of the authority that signed it.',
    ],
    facts: [{ name: 'asked', value: error.url }],
  })
}

function explainRefusal(error: Error & OAuthRefusal, { settings }: ProviderContext): SignInError {
  const code = String(error.error)
  const description = typeof error.error_description === 'string' ? error.error_description : ''
  const said = { name: `${settings.name} says`, value: description === '' ? code : `${code}: ${description}` }
  const redirect = { name: 'redirect URI to register', value: settings.redirectUri }
  const client = { name: 'client_id', value: settings.clientId }
  switch (code) {
    case 'access_denied':
      return problem(error, 'provider_refused', {
        title: `${settings.name} did not let you in`,
        detail: 'The sign-in was cancelled, or the provider does not allow your account to use this application.',
        remedies: ['Try again, or ask the administrator of the provider to let you use the application.'],
        facts: [said, client],
      })
    case 'invalid_client':
    case 'unauthorized_client':
      return problem(error, 'client_rejected', {
        title: `${settings.name} does not accept this server's client`,
        detail: 'client_id and client_secret are not what the provider knows, or it wants them in another form.',
        remedies: [
          'Compare client_id and client_secret with the provider; in Keycloak: Clients → the client → Credentials.',
          'A client without a secret must be public at the provider ("Client authentication" off in Keycloak).',
          'Set auth_style to InParams or InHeader when the provider wants one of them only.',
        ],
        facts: [said, client],
      })
    case 'invalid_grant':
      return problem(error, 'code_rejected', {
        title: `${settings.name} did not accept the answer that your browser brought`,
        detail: 'The code was used already, is too old, or was given out for another redirect URI.',
        remedies: [
          'Sign in again; do not reload the page while it signs in.',
          'The redirect URI must be the same at the provider, here and in your address bar: check [server] root_url.',
          'When the provider demands PKCE, set use_pkce = true.',
        ],
        facts: [said, redirect],
      })
    case 'invalid_scope':
      return problem(error, 'provider_misconfigured', {
        title: `${settings.name} does not know a scope`,
        detail: 'A name in scopes is not defined at the provider, or this client may not ask for it.',
        remedies: ['Correct scopes, or add the scope to the client at the provider.'],
        facts: [said, { name: 'scopes', value: settings.scope }],
      })
    case 'invalid_request':
      return problem(error, 'provider_misconfigured', {
        title: `${settings.name} did not understand the request`,
        detail: 'Often the redirect URI is not registered exactly as it is, or the provider demands PKCE.',
        remedies: [
          'Register the redirect URI below at the provider, letter by letter: http or https, name, port and path.',
          'When the provider demands PKCE, set use_pkce = true.',
        ],
        facts: [said, redirect],
      })
    case 'login_required':
    case 'interaction_required':
    case 'consent_required':
      return problem(error, 'provider_refused', {
        title: `${settings.name} wants you to sign in there`,
        detail: 'It was asked not to show a page (login_prompt = none), but needs one.',
        remedies: ['Remove login_prompt = none.'],
        facts: [said],
      })
    default:
      return problem(error, 'provider_refused', {
        title: `${settings.name} answered with an error`,
        detail: said.value,
        remedies: ['Try again; when it stays, look into the log of the provider.'],
        facts: [redirect, client],
      })
  }
}

function explainCheck(error: unknown, chain: readonly Error[], context: ProviderContext): SignInError {
  const { settings, clockDifferenceMs } = context
  const codes = chain.map((item) => String((item as OAuthRefusal).code ?? ''))
  const reason = [...new Set(chain.map(({ message }) => message))].join(': ') || String(error)
  const { claim, expected, got } = comparisonOf(chain)
  const facts = [{ name: 'what the check said', value: reason }]
  if (claim !== '') facts.push({ name: `claim ${claim}`, value: `expected ${expected}, got ${got}` })
  if (codes.includes('OAUTH_JWT_TIMESTAMP_CHECK_FAILED') || /timestamp|"(exp|iat|nbf)"/.test(reason)) {
    const difference = clockDifferenceMs === undefined ? 'not known' : describeDifference(clockDifferenceMs)
    return problem(error, 'clock', {
      title: 'The clocks of the provider and of this server differ too much',
      detail: `The id token is not valid at this server's time. The provider's clock, as its last answer told: ${difference}.`,
      remedies: ['Let both machines synchronise their clocks (NTP, chrony), then sign in again.'],
      facts: [...facts, { name: 'clock difference', value: difference }],
    })
  }
  if (codes.includes('OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') || claim === 'iss') {
    return problem(error, 'provider_misconfigured', {
      title: 'The provider calls itself by another name',
      detail:
        'The issuer that is configured is not the one that the provider states; both must be the same to the letter.',
      remedies: [
        'Set issuer to what the provider states, including a slash at the end if it has one.',
        'In Keycloak the issuer follows the name by which it is asked, unless KC_HOSTNAME is set.',
      ],
      facts: [...facts, { name: 'issuer', value: settings.issuer }],
    })
  }
  if (codes.includes('OAUTH_RESPONSE_IS_NOT_CONFORM') || codes.includes('OAUTH_RESPONSE_IS_NOT_JSON')) {
    return problem(error, 'provider_misconfigured', {
      title: 'What answers is not an OpenID provider',
      detail: 'An address of the provider answers, but with something else than expected.',
      remedies: [
        'Open <issuer>/.well-known/openid-configuration in a browser: it must be JSON. In Keycloak the issuer ends with /realms/<realm>.',
        'Check token_url and api_url.',
      ],
      facts: [...facts, { name: 'issuer', value: settings.issuer || 'not set' }],
    })
  }
  return problem(error, 'token_rejected', {
    title: 'The answer of the provider did not pass the checks',
    detail: TOKEN_DETAILS[claim] ?? 'A token is damaged, signed by somebody else or meant for another application.',
    remedies: [
      'Sign in again. When it stays, client_id, issuer and jwk_set_url may belong to different realms or clients.',
      'Nobody can cause this by accident in transit: if everything is configured rightly, treat it as an attack.',
    ],
    facts,
  })
}

const TOKEN_DETAILS: Readonly<Record<string, string>> = {
  aud: 'The id token is meant for another application than client_id names.',
  nonce: 'The id token belongs to another sign-in than the one that your browser began.',
}

/** Which claim the library compared; it hangs the details on the innermost cause. */
function comparisonOf(chain: readonly Error[]): { claim: string; expected: string; got: string } {
  for (const { cause } of chain) {
    const details = cause as
      | { claim?: unknown; attribute?: unknown; expected?: unknown; claims?: unknown; body?: unknown }
      | undefined
    const name = details?.claim ?? details?.attribute
    if (typeof name !== 'string') continue
    const actual = ((details?.claims ?? details?.body) as Record<string, unknown> | undefined)?.[name]
    // A nonce is the secret of one sign-in.
    if (name === 'nonce') return { claim: name, expected: 'the one that was sent', got: 'another' }
    return { claim: name, expected: JSON.stringify(details?.expected), got: JSON.stringify(actual) ?? 'nothing' }
  }
  return { claim: '', expected: '', got: '' }
}

function describeDifference(differenceMs: number): string {
  const seconds = Math.round(Math.abs(differenceMs) / 1000)
  if (seconds <= 1) return 'the same as here'
  const text = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return differenceMs > 0 ? `${text} ahead of this server` : `${text} behind this server`
}

function* causes(error: unknown): Generator<Error> {
  let current = error
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    yield current
    current = current.cause
  }
}

function problem(
  cause: unknown,
  kind: ProblemKind,
  explanation: ConstructorParameters<typeof SignInError>[1],
): SignInError {
  return new SignInError(kind, explanation, cause)
}
