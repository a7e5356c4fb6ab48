import { SignInError } from './sign-in-error.ts'
import type { FoundFlow } from './flows.ts'

export interface CallbackContext {
  /** Host header of the request. */
  readonly host: string
  readonly rootUrl: string
  readonly redirectUri: string
  /** Whether this request came by https, as far as can be seen. */
  readonly isSecure: boolean
  readonly isCookieSecure: boolean
  readonly hasOtherCookies: boolean
  readonly maxAgeMs: number
}

/** Why the answer of the provider fits no sign-in that this browser began. */
export function explainState(found: Exclude<FoundFlow, { kind: 'found' }>, context: CallbackContext): SignInError {
  const facts = [
    { name: 'address asked', value: context.host },
    { name: '[server] root_url', value: context.rootUrl },
    { name: 'redirect URI to register', value: context.redirectUri },
  ]
  switch (found.kind) {
    case 'missing':
      return new SignInError('state_missing', {
        title: 'Your browser did not bring the cookie of this sign-in',
        detail:
          'The provider answered, but the cookie "oauth_state", which was set when the sign-in began, is missing.',
        remedies: missingRemedies(context),
        facts: [...facts, { name: 'cookie_secure', value: String(context.isCookieSecure) }],
      })
    case 'unknown':
      return new SignInError('state_unknown', {
        title: 'This answer belongs to another sign-in',
        detail: 'Its state is none that was given to your browser, or it was used already.',
        remedies: [
          'Begin the sign-in again from the login page; do not use the back button or a bookmark of this address.',
          'If somebody sent you the link that you followed, do not follow it: it would sign you in as somebody else.',
          'If this server was set up anew, or secret_key was changed, in between, just sign in again.',
        ],
        facts,
      })
    case 'expired':
      return new SignInError('state_expired', {
        title: 'The sign-in took too long',
        detail: `It began ${Math.round(found.ageMs / 1000)} seconds ago and must be finished within ${Math.round(context.maxAgeMs / 1000)}.`,
        remedies: ['Sign in again.', 'Give people more time with [auth] oauth_state_cookie_max_age (seconds).'],
        facts,
      })
  }
}

function missingRemedies(context: CallbackContext): string[] {
  const remedies: string[] = []
  const rootHost = new URL(context.rootUrl).host
  if (rootHost !== context.host) {
    remedies.push(
      `You came back to ${context.host}, but root_url says ${rootHost}: a cookie set for one is not sent to the other. Open Quartet by the address in root_url, or correct root_url.`,
    )
  }
  if (context.isCookieSecure && !context.isSecure) {
    remedies.push(
      'cookie_secure is on, so cookies are only sent over https, but this page came by http. Use https, or turn it off.',
    )
  }
  remedies.push('Begin the sign-in again from the login page; the cookie lasts ten minutes by default.')
  if (!context.hasOtherCookies) remedies.push('Your browser sent no cookie at all: allow cookies for this address.')
  return remedies
}
