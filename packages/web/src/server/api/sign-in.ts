import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TLSSocket } from 'node:tls'
import { localPath } from '../../common/local-path.ts'
import { CALLBACK_PATH, subPathOf } from '../config/oauth-settings.ts'
import { SignInError } from '../auth/sso/sign-in-error.ts'
import type { SingleSignOn } from '../auth/sso/single-sign-on.ts'
import type { Services } from './services.ts'
import { sessionCookies, userOf } from './authentication.ts'
import { formatCookie, parseCookies } from './cookies.ts'

/** Sealed state of sign-ins that have begun; see auth/sso/flows.ts. */
const STATE_COOKIE = 'oauth_state'
/** Set when somebody signs out, so that they are not signed in again at once. */
export const SIGNED_OUT_COOKIE = 'grafana_signed_out'
const SIGNED_OUT_SECONDS = 600

/** `/login/generic_oauth`: the way to the identity provider, and back. */
export function addSignInRoutes(api: FastifyInstance, services: Services): void {
  api.get(CALLBACK_PATH, { exposeHeadRoute: false }, async (request, reply) => {
    const { singleSignOn } = services
    const query = new URL(request.url, 'http://localhost').searchParams
    if (!singleSignOn) return fail(services, reply, notEnabled(services))
    const isAnswer = query.has('code') || query.has('error') || query.has('state')
    return isAnswer
      ? finish(services, singleSignOn, request, reply, query)
      : begin(services, singleSignOn, request, reply, query)
  })
}

async function begin(
  services: Services,
  singleSignOn: SingleSignOn,
  request: FastifyRequest,
  reply: FastifyReply,
  query: URLSearchParams,
): Promise<FastifyReply> {
  const rootUrl = services.settings.text('server', 'root_url')
  const subPath = subPathOf(services.settings)
  const home = `${subPath}/`
  const redirectTo = localPath(query.get('redirectTo'), subPath) ?? home
  const isTest = query.has('test')
  // The provider will come back to root_url's host, so the cookie must be set there. Once only: a proxy may hide the host.
  if (request.headers.host !== new URL(rootUrl).host && !query.has('rooted') && !isTest) {
    const target = new URL(rootUrl)
    target.pathname = subPath + CALLBACK_PATH
    target.search = new URLSearchParams({ redirectTo, rooted: '1' }).toString()
    return reply.redirect(target.href, 302)
  }
  const user = userOf(request)
  if (isTest && user?.is_admin !== 1) return fail(services, reply, testNotAllowed(rootUrl))
  try {
    const options = isTest && user ? { redirectTo: home, testedBy: user.id } : { redirectTo }
    const begun = await singleSignOn.begin(stateCookieOf(request), options)
    const maxAgeSeconds = Math.floor(singleSignOn.settings.flowMaxAgeMs / 1000)
    return reply
      .header('set-cookie', [stateCookie(services, begun.cookie, maxAgeSeconds), signedOutCookie(services, false)])
      .redirect(begun.location, 302)
  } catch (error) {
    if (!(error instanceof SignInError)) throw error
    return fail(services, reply, error)
  }
}

async function finish(
  services: Services,
  singleSignOn: SingleSignOn,
  request: FastifyRequest,
  reply: FastifyReply,
  query: URLSearchParams,
): Promise<FastifyReply> {
  const { settings, sessions, logger } = services
  const cookies = parseCookies(request.headers.cookie)
  const { outcome, cookie } = await singleSignOn.finish(query, cookies.get(STATE_COOKIE), {
    host: request.headers.host ?? '',
    rootUrl: settings.text('server', 'root_url'),
    isSecure: isSecure(request),
    isCookieSecure: settings.flag('security', 'cookie_secure'),
    hasOtherCookies: cookies.size > 0,
  })
  const left = cookie === '' ? 0 : Math.floor(singleSignOn.settings.flowMaxAgeMs / 1000)
  const cookieHeaders = [stateCookie(services, cookie, left)]
  const subPath = subPathOf(settings)
  switch (outcome.kind) {
    case 'failed': {
      void reply.header('set-cookie', cookieHeaders)
      // The back button, or a page that is loaded again: whoever is signed in already has nothing to be told.
      const isRepetition = outcome.error.kind === 'state_missing' || outcome.error.kind === 'state_unknown'
      if (isRepetition && userOf(request)) return reply.redirect(`${subPath}/`, 302)
      return fail(services, reply, outcome.error)
    }
    case 'tested':
      void reply.header('set-cookie', cookieHeaders)
      return goOn(services, reply, `${subPath}/admin/authentication?test=${outcome.test.id}`)
    case 'signed-in': {
      const { user, tokens } = outcome
      const token = await sessions.begin(user.id, { ip: request.ip, userAgent: request.headers['user-agent'] ?? '' })
      const session = await sessions.find(token)
      if (session) await singleSignOn.sessions.save(session.id, tokens)
      logger.info({ user: user.login, role: user.org_role, ip: request.ip }, 'logged in by single sign-on')
      void reply.header('set-cookie', [
        ...cookieHeaders,
        ...sessionCookies(services, token),
        signedOutCookie(services, false),
      ])
      return goOn(services, reply, outcome.redirectTo)
    }
  }
}

/** Where somebody goes who signs out: to the provider when its session is to end too. */
export async function signOutTarget(services: Services, sessionId: number | undefined): Promise<string> {
  const { settings, singleSignOn } = services
  const login = `${subPathOf(settings)}/login`
  const everybody = settings.text('auth', 'signout_redirect_url').trim()
  const idToken = sessionId === undefined ? undefined : await singleSignOn?.sessions.idToken(sessionId)
  if (idToken === undefined) return everybody || login
  const target = singleSignOn?.settings.signoutUrl || everybody
  if (target === '') return login
  // As upstream: an OpenID sign-out is known by its parameter, and asks less when it is told who signs out.
  if (idToken === '' || !URL.canParse(target)) return target
  const url = new URL(target)
  if (url.searchParams.has('post_logout_redirect_uri')) url.searchParams.set('id_token_hint', idToken)
  return url.href
}

export function signedOutCookie(services: Services, isSignedOut: boolean): string {
  return formatCookie(SIGNED_OUT_COOKIE, isSignedOut ? '1' : '', {
    ...cookieOptions(services),
    maxAgeSeconds: isSignedOut ? SIGNED_OUT_SECONDS : 0,
  })
}

/**
 * Where a stranger is sent instead of the page that was asked for, when people are to be signed in by themselves.
 * @returns `undefined` when the page is to be shown: after signing out, after a failure, or when the address asks for it
 */
export function automaticSignIn(services: Services, request: FastifyRequest): string | undefined {
  if (!services.singleSignOn?.settings.isAutomatic || userOf(request)) return undefined
  const url = new URL(request.url, 'http://localhost')
  if (['disableAutoLogin', 'failed', 'admin'].some((name) => url.searchParams.has(name))) return undefined
  if (parseCookies(request.headers.cookie).get(SIGNED_OUT_COOKIE) === '1') return undefined
  const subPath = subPathOf(services.settings)
  const wanted = url.pathname === '/login' ? url.searchParams.get('redirectTo') : subPath + url.pathname + url.search
  const redirectTo = localPath(wanted, subPath)
  const query = redirectTo === undefined ? '' : `?${new URLSearchParams({ redirectTo }).toString()}`
  return subPath + CALLBACK_PATH + query
}

/** The explanation is kept for the page; its address says that nobody is to be signed in automatically. */
function fail(services: Services, reply: FastifyReply, error: SignInError): FastifyReply {
  const problem = describe(services, error)
  return reply.redirect(`${subPathOf(services.settings)}/login?failed=${problem}`, 302)
}

function describe(services: Services, error: SignInError): string {
  const { id } = services.signInProblems.put((made) => ({ id: made, ...error.explanation }))
  const fields = { errorId: id, kind: error.kind, reason: error.message }
  if (error.kind === 'internal') services.logger.error({ ...fields, err: error.cause }, 'single sign-on failed')
  else services.logger.warn(fields, 'single sign-on failed')
  return id
}

/**
 * Strict cookies that are set in an answer to another site's redirect are not sent along with a further redirect, and the person would
 * seem to be signed out again. A page that leads on by itself is a navigation of this site.
 */
function goOn(services: Services, reply: FastifyReply, path: string): FastifyReply {
  if (services.settings.text('security', 'cookie_samesite') !== 'strict') return reply.redirect(path, 302)
  const escaped = path.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return reply
    .type('text/html; charset=utf-8')
    .send(`<!doctype html><title>Quartet</title><meta http-equiv="refresh" content="0;url=${escaped}">`)
}

function stateCookieOf(request: FastifyRequest): string | undefined {
  return parseCookies(request.headers.cookie).get(STATE_COOKIE)
}

function stateCookie(services: Services, value: string, maxAgeSeconds: number): string {
  return formatCookie(STATE_COOKIE, value, { ...cookieOptions(services), maxAgeSeconds })
}

function cookieOptions({ settings }: Services) {
  const sameSite = settings.text('security', 'cookie_samesite')
  return {
    path: `${subPathOf(settings)}/`,
    isSecure: settings.flag('security', 'cookie_secure'),
    // A strict cookie would not come back with the provider's answer.
    sameSite: sameSite === 'strict' ? 'lax' : sameSite,
    isHttpOnly: true,
  }
}

function isSecure(request: FastifyRequest): boolean {
  return (request.raw.socket as TLSSocket).encrypted === true || request.headers['x-forwarded-proto'] === 'https'
}

function notEnabled(services: Services): SignInError {
  const redirectUri = new URL(services.settings.text('server', 'root_url')).href.replace(/\/$/, '') + CALLBACK_PATH
  return new SignInError('provider_misconfigured', {
    title: 'Single sign-on is not set up here',
    detail: 'This address is for people who come back from an identity provider, but [auth.generic_oauth] is off.',
    remedies: ['Set enabled = true in [auth.generic_oauth], or GF_AUTH_GENERIC_OAUTH_ENABLED=true; see docs/sso.md.'],
    facts: [{ name: 'redirect URI to register', value: redirectUri }],
  })
}

function testNotAllowed(rootUrl: string): SignInError {
  return new SignInError('not_allowed', {
    title: 'Only administrators of this server may try out the settings',
    detail: 'A test shows all that the provider tells about a person.',
    remedies: [
      `Sign in as an administrator at ${rootUrl}, then begin the test on the page Administration → Authentication.`,
    ],
  })
}
