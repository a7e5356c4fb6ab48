import assert from 'node:assert/strict'
import type { Configuration } from 'oidc-provider'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { AuthenticationDto, SignInTestDto, UserSearchDto } from '../../src/common/sign-in.ts'
import { CLIENT, IdentityProvider } from '../support/identity-provider.ts'
import { MovedClock } from '../support/moved-clock.ts'
import { PASSWORD } from '../support/running-web.ts'
import { bootDataOf, problemOf, SsoStack } from '../support/sso-stack.ts'
import { Visitor } from '../support/visitor.ts'
import type { Visit } from '../support/visitor.ts'

const ACCOUNTS = {
  ada: { sub: 'u-1', name: 'Ada Lovelace', email: 'ada@example.org', preferred_username: 'ada', roles: ['admin'] },
  bob: { sub: 'u-2', name: 'Bob', email: 'bob@example.org', preferred_username: 'bob', roles: [] },
}

let stack: SsoStack
let provider: IdentityProvider
let visitor: Visitor

async function open(subPath = '', configuration: Configuration = {}): Promise<void> {
  stack = await SsoStack.open(subPath)
  provider = await IdentityProvider.start({ accounts: ACCOUNTS, redirectUri: stack.redirectUri, configuration })
  visitor = new Visitor()
}

async function close(): Promise<void> {
  await provider.stop()
  await stack.close()
}

const start = (environment: Record<string, string> = {}, options: Parameters<SsoStack['start']>[1] = {}) =>
  stack.start(
    {
      ISSUER: provider.issuer,
      CLIENT_SECRET: CLIENT.secret,
      LOGIN_ATTRIBUTE_PATH: 'preferred_username',
      ROLE_ATTRIBUTE_PATH: "contains(roles, 'admin') && 'Admin' || 'Viewer'",
      ...environment,
    },
    options,
  )

/** Says who one is at the provider's page. */
async function answerAs(name: string, page: Visit, until?: RegExp): Promise<Visit> {
  assert.match(page.url, /\/interaction\//, page.html)
  return visitor.visit(page.url, { method: 'POST', form: { name }, ...(until && { until }) })
}

const begin = (query = ''): Promise<Visit> => visitor.visit(`${stack.url}/login/generic_oauth${query}`)
const signIn = async (name = 'ada', query = ''): Promise<Visit> => answerAs(name, await begin(query))
const me = async (): Promise<{ login?: string }> => visitor.json(`${stack.url}/api/user`)
const callback = /\/login\/generic_oauth\?.*code=/

describe('signing in at a real provider', () => {
  beforeEach(() => open())
  afterEach(close)

  test('leads back to where one wanted to go, and makes the user', async () => {
    await start()
    const visit = await signIn('ada', '?redirectTo=%2Fd%2Fone%3Ffrom%3Dnow-1h')
    assert.equal(visit.url, `${stack.url}/d/one?from=now-1h`)
    assert.equal(bootDataOf(visit).user.orgRole, 'Admin')
    const user = await visitor.json<Record<string, unknown>>(`${stack.url}/api/user`)
    assert.deepEqual(
      [user['login'], user['email'], user['name'], user['isExternal'], user['authLabels']],
      ['ada', 'ada@example.org', 'Ada Lovelace', true, ['Generic OAuth']],
    )
    const tokens = await visitor.json<{ isActive: boolean }[]>(`${stack.url}/api/user/auth-tokens`)
    assert.deepEqual(
      tokens.map(({ isActive }) => isActive),
      [true],
    )
    assert.deepEqual(await visitor.json(`${stack.url}/api/login/ping`), { message: 'Logged in' })
    await stack.web.logIn()
    const found = await stack.web.json<UserSearchDto>('/api/users/search?query=LOVE&perpage=5')
    assert.deepEqual(
      found.users.map(({ login, role, authLabels }) => [login, role, authLabels]),
      [['ada', 'Admin', ['Generic OAuth']]],
    )
    assert.equal((await stack.web.json<unknown[]>('/api/org/users' as string)).length, 2)
    assert.equal(
      (await visitor.fetch(`${stack.url}/api/users`)).status,
      403,
      'an organisation’s Admin is not the server’s',
    )
  })

  test('a foreign redirect leads home', async () => {
    await start()
    const foreign = encodeURIComponent('//evil.example/')
    assert.equal((await signIn('ada', `?redirectTo=${foreign}`)).url, `${stack.url}/`)
  })

  test('goes on after a restart in the middle', async () => {
    await start()
    const page = await begin()
    await stack.stopWeb()
    await start()
    assert.equal(bootDataOf(await answerAs('ada', page)).user.login, 'ada')
    await stack.stopWeb()
    await start()
    assert.equal((await me()).login, 'ada', 'and so does the session')
  })

  test('two tabs at once both work', async () => {
    await start()
    const first = await begin('?redirectTo=%2Ffirst')
    const second = await begin('?redirectTo=%2Fsecond')
    assert.equal((await answerAs('ada', second)).url, `${stack.url}/second`)
    assert.equal((await answerAs('ada', first)).url, `${stack.url}/first`)
  })

  test('an answer counts once, and only in the browser that began', async () => {
    await start()
    const { url } = await answerAs('ada', await begin(), callback)
    const stranger = new Visitor()
    assert.equal(problemOf(await stranger.visit(url)).title, 'Your browser did not bring the cookie of this sign-in')
    await stranger.visit(`${stack.url}/login/generic_oauth`)
    assert.equal(problemOf(await stranger.visit(url)).title, 'This answer belongs to another sign-in')
    assert.equal(bootDataOf(await visitor.visit(url)).user.login, 'ada')
    assert.equal((await visitor.visit(url)).url, `${stack.url}/`, 'loaded again: signed in is signed in')
  })

  test('a cookie that was tampered with is none', async () => {
    await start()
    const { url } = await answerAs('ada', await begin(), callback)
    const sealed = visitor.cookie(stack.url, 'oauth_state') ?? ''
    visitor.setCookie(
      stack.url,
      'oauth_state',
      sealed.slice(0, 40) + (sealed[40] === 'A' ? 'B' : 'A') + sealed.slice(41),
    )
    assert.equal(problemOf(await visitor.visit(url)).title, 'This answer belongs to another sign-in')
  })

  test('a sign-in that takes too long is told so', async () => {
    const clock = new MovedClock()
    await start({}, { clock })
    const { url } = await answerAs('ada', await begin(), callback)
    clock.move(601_000)
    const problem = problemOf(await visitor.visit(url))
    assert.equal(problem.title, 'The sign-in took too long')
    assert.match(problem.detail, /60[12] seconds ago and must be finished within 600/)
  })

  test('a missing cookie is explained by the settings', async () => {
    await start({ GF_SECURITY_COOKIE_SECURE: 'true' })
    const { url } = await answerAs('ada', await begin(), callback)
    const answer = new URL(url)
    const web = new URL(stack.web.url)
    answer.port = web.port
    const { remedies } = problemOf(await new Visitor().visit(answer.href))
    assert.match(remedies[0], /You came back to 127\.0\.0\.1:\d+, but root_url says/)
    assert.match(remedies[1], /cookie_secure is on/)
  })

  test('begins at the host of root_url, where the provider will come back to', async () => {
    await start()
    const { way } = await visitor.visit(`${stack.web.url}/login/generic_oauth?redirectTo=%2Fd%2Fone`)
    assert.equal(way[1], `${stack.url}/login/generic_oauth?redirectTo=%2Fd%2Fone&rooted=1`)
  })

  test('strict cookies: a page leads on', async () => {
    await start({ GF_SECURITY_COOKIE_SAMESITE: 'strict' })
    const visit = await signIn('ada', '?redirectTo=%2Fd%2Fone')
    assert.match(visit.html, /<meta http-equiv="refresh" content="0;url=\/d\/one">/)
    assert.equal((await me()).login, 'ada')
  })
})

describe('a session that lives on refreshed tokens', () => {
  const LIFETIME_MS = 60_000
  let clock: MovedClock
  beforeEach(async () => {
    await open('', { ttl: { AccessToken: LIFETIME_MS / 1000 } })
    clock = new MovedClock()
    await start({ USE_REFRESH_TOKEN: 'true' }, { clock })
    await signIn()
  })
  afterEach(close)

  test('is refreshed, also by many requests at once, and goes on', async () => {
    clock.move(LIFETIME_MS)
    const answers = await Promise.all([1, 2, 3, 4].map(() => me()))
    assert.deepEqual(
      answers.map(({ login }) => login),
      ['ada', 'ada', 'ada', 'ada'],
    )
  })

  test('ends when the provider has ended it', async () => {
    await provider.revokeAll()
    assert.equal((await me()).login, 'ada', 'the access token is still good')
    clock.move(LIFETIME_MS)
    assert.equal((await visitor.fetch(`${stack.url}/api/user`)).status, 401)
    assert.ok(stack.web.records.some(({ message }) => message === 'session ended at the identity provider'))
  })

  test('goes on while the provider is down', async () => {
    clock.move(LIFETIME_MS)
    await provider.goDown()
    assert.equal((await me()).login, 'ada')
    assert.equal((await me()).login, 'ada')
    const warnings = stack.web.records.filter(({ message }) => /could not be refreshed/.test(message))
    assert.equal(warnings.length, 1, 'it is left alone for a while')
    await provider.comeBack()
    clock.move(31_000)
    assert.equal((await me()).login, 'ada')
    const later = stack.web.records.filter(({ message }) => /could not be refreshed/.test(message))
    assert.deepEqual(
      later.slice(1).map(({ fields }) => fields['reason']),
      [],
    )
  })
})

describe('the provider is down', () => {
  before(async () => {
    await open()
    await start({ GF_AUTH_DISABLE_LOGIN_FORM: 'true', GF_AUTH_OAUTH_AUTO_LOGIN: 'true' })
    await provider.goDown()
  })
  after(close)

  test('is explained without going round in a circle', async () => {
    const visit = await visitor.visit(`${stack.url}/dashboards`)
    assert.deepEqual(
      visit.way.map((url) => new URL(url).pathname),
      ['/dashboards', '/login/generic_oauth', '/login'],
    )
    const problem = problemOf(visit)
    assert.equal(problem.title, 'Keycloak does not answer')
    assert.match(problem.detail, /ECONNREFUSED/)
  })

  const logIn = (user: string, password: string): Promise<Response> =>
    visitor.fetch(`${stack.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, password }),
    })

  test('the administrator gets in all the same, nobody else does', async () => {
    assert.equal((await logIn('ada', 'x')).status, 401)
    const page = await visitor.visit(`${stack.url}/login?admin`)
    assert.equal(page.url, `${stack.url}/login?admin`)
    assert.equal((await logIn('admin', 'wrong')).status, 401)
    assert.equal((await logIn('admin', PASSWORD)).status, 200)
    assert.equal((await me()).login, 'admin')
  })

  test('basic authentication goes on as it was', async () => {
    const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`
    assert.equal((await fetch(`${stack.url}/api/user`, { headers: { authorization } })).status, 200)
  })
})

describe('signing in and out by itself', () => {
  beforeEach(() => open())
  afterEach(close)

  test('strangers are sent to the provider and come back to the page', async () => {
    await start({ AUTO_LOGIN: 'true' })
    const page = await visitor.visit(`${stack.url}/d/one?var-x=1`)
    assert.equal((await answerAs('ada', page)).url, `${stack.url}/d/one?var-x=1`)
  })

  test('`disableAutoLogin` shows the login page', async () => {
    await start({ AUTO_LOGIN: 'true' })
    for (const path of ['/login?disableAutoLogin', '/login?disableAutoLogin=true', '/login?admin'])
      assert.equal((await visitor.visit(stack.url + path)).url, stack.url + path)
  })

  test('signing out stays signed out, here', async () => {
    await start({ AUTO_LOGIN: 'true' })
    await signIn()
    const visit = await visitor.visit(`${stack.url}/logout`)
    assert.equal(visit.url, `${stack.url}/login`, 'and is not signed in again at once')
    assert.equal(bootDataOf(visit).user.isSignedIn, false)
    visitor.forget(stack.url, 'grafana_signed_out')
    assert.equal(bootDataOf(await visitor.visit(stack.url)).user.login, 'ada', 'the provider still knows her')
  })

  test('and at the provider, with the id token as a hint', async () => {
    const back = encodeURIComponent(`${stack.url}/login`)
    await start({ SIGNOUT_REDIRECT_URL: `${provider.issuer}/session/end?post_logout_redirect_uri=${back}` })
    await signIn()
    const visit = await visitor.visit(`${stack.url}/logout`)
    const target = new URL(visit.url)
    assert.equal(target.origin, provider.issuer)
    assert.equal(target.searchParams.get('post_logout_redirect_uri'), `${stack.url}/login`)
    assert.match(target.searchParams.get('id_token_hint') ?? '', /^eyJ/)
    assert.equal(visit.status, 200, visit.html)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(visit.html)?.[1] ?? ''
    const left = await visitor.visit(`${provider.issuer}/session/end/confirm`, {
      method: 'POST',
      form: { xsrf, logout: 'yes' },
    })
    assert.equal(left.url, `${stack.url}/login`)
    assert.match((await begin()).url, /\/interaction\//, 'the provider asks again')
  })

  test('who signed in with a password is not sent to the provider', async () => {
    await start({ SIGNOUT_REDIRECT_URL: `${provider.issuer}/session/end?post_logout_redirect_uri=x` })
    await stack.web.logIn()
    assert.equal((await stack.web.fetch('/logout')).headers.get('location'), '/login')
  })
})

describe('below a sub-path', () => {
  before(() => open('/grafana'))
  after(close)

  test('everything carries it', async () => {
    await start({ AUTO_LOGIN: 'true' })
    const page = await visitor.visit(`${stack.url}/d/one`)
    assert.equal(new URL(page.way[1]).pathname, '/grafana/login/generic_oauth')
    const visit = await answerAs('ada', page)
    assert.equal(visit.url, `${stack.url}/d/one`)
    assert.equal((await visitor.visit(`${stack.url}/logout`)).url, `${stack.url}/login`)
  })
})

describe('trying out the settings', () => {
  let admin: Visitor
  before(async () => {
    await open()
    await start({ ROLE_ATTRIBUTE_STRICT: 'true', ROLE_ATTRIBUTE_PATH: "contains(roles, 'boss') && 'Admin'" })
    admin = visitor
    await admin.fetch(`${stack.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'admin', password: PASSWORD }),
    })
  })
  after(close)

  test('shows settings with their origin, and no secret', async () => {
    const dto = await admin.json<AuthenticationDto>(`${stack.url}/api/admin/authentication`)
    assert.equal(dto.redirectUri, stack.redirectUri)
    const find = (key: string) => dto.settings.find((setting) => setting.key === key)
    assert.deepEqual(find('client_secret'), {
      key: 'client_secret',
      value: '*********',
      origin: 'GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET',
    })
    assert.deepEqual(find('tls_client_ca'), { key: 'tls_client_ca', value: '', origin: 'default' })
    assert.ok(!JSON.stringify(dto).includes(CLIENT.secret))
  })

  test('runs the flow, signs nobody in, and evaluates other expressions', async () => {
    const page = await admin.visit(`${stack.url}/login/generic_oauth?test=1`)
    const visit = await answerAs('ada', page)
    const id = new URL(visit.url).searchParams.get('test') ?? ''
    assert.equal(visit.url, `${stack.url}/admin/authentication?test=${id}`)
    assert.equal((await me()).login, 'admin')
    const tested = await admin.json<SignInTestDto>(`${stack.url}/api/admin/authentication/tests/${id}`)
    assert.equal(tested.problem?.title, 'No role could be found for you')
    assert.equal(tested.sources.find(({ name }) => name === 'userinfo')?.claims?.['email'], 'ada@example.org')
    const evaluated = await admin.json<SignInTestDto>(`${stack.url}/api/admin/authentication/tests/${id}/evaluate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ roleAttributePath: "contains(roles, 'admin') && 'Editor'" }),
    })
    assert.equal(evaluated.problem, undefined)
    assert.deepEqual([evaluated.user?.login, evaluated.user?.role], ['ada', 'Editor'])
    assert.match(evaluated.effect, /A new user "ada" would be created/)
    await stack.web.logIn()
    const users = await stack.web.json<unknown[]>('/api/users' as string)
    assert.equal(users.length, 1, 'nobody was created')
  })

  test('is for administrators of the server', async () => {
    const stranger = new Visitor()
    assert.match(
      problemOf(await stranger.visit(`${stack.url}/login/generic_oauth?test=1`)).title,
      /Only administrators/,
    )
    assert.equal((await stranger.fetch(`${stack.url}/api/admin/authentication`)).status, 401)
  })
})

test('without single sign-on its address says so', async () => {
  const plain = await SsoStack.open()
  await plain.start({ ENABLED: 'false' })
  const visit = await new Visitor().visit(`${plain.url}/login/generic_oauth?code=x&state=y`)
  assert.equal(problemOf(visit).title, 'Single sign-on is not set up here')
  await plain.close()
})
