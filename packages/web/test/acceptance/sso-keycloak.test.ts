import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { KeycloakLike } from '../support/keycloak-like.ts'
import { bootDataOf, problemOf, SsoStack } from '../support/sso-stack.ts'
import { Visitor } from '../support/visitor.ts'

let keycloak: KeycloakLike
let stack: SsoStack
let ada: Visitor

before(async () => {
  keycloak = await KeycloakLike.start()
})
after(() => keycloak.stop())
beforeEach(() => {
  ada = new Visitor()
})
afterEach(() => {
  keycloak.twists = {}
  keycloak.tokenRequests.length = 0
})

/** Each test of the suite has a server of its own. */
function withOwnStack(): void {
  beforeEach(async () => {
    stack = await SsoStack.open()
  })
  afterEach(() => stack.close())
}

const ROLES =
  "contains(resource_access.quartet.roles[*], 'admin') && 'Admin' || contains(resource_access.quartet.roles[*], 'editor') && 'Editor' || 'Viewer'"

const start = (environment: Record<string, string> = {}) =>
  stack.start({
    ISSUER: keycloak.issuer,
    CLIENT_SECRET: 's3cret',
    LOGIN_ATTRIBUTE_PATH: 'preferred_username',
    ...environment,
  })

const signIn = (query = '') => ada.visit(`${stack.url}/login/generic_oauth${query}`)

describe('roles and groups in Keycloak’s shapes', () => {
  withOwnStack()
  const cases: readonly [string, Record<string, string>, { role: string; isAdmin?: boolean }][] = [
    [
      'client roles of the access token',
      { ROLE_ATTRIBUTE_PATH: "contains(resource_access.quartet.roles[*], 'admin') && 'Admin'" },
      { role: 'Admin' },
    ],
    [
      'realm roles of the access token',
      { ROLE_ATTRIBUTE_PATH: "contains(realm_access.roles[*], 'offline_access') && 'Editor'" },
      { role: 'Editor' },
    ],
    [
      'groups of the id token, with their slash',
      { ROLE_ATTRIBUTE_PATH: "contains(groups[*], '/admins') && 'Admin'" },
      { role: 'Admin' },
    ],
    [
      'server administrators',
      { ROLE_ATTRIBUTE_PATH: "contains(groups[*], '/admins') && 'GrafanaAdmin'", ALLOW_ASSIGN_GRAFANA_ADMIN: 'true' },
      { role: 'Admin', isAdmin: true },
    ],
    [
      'GrafanaAdmin counts as Admin when it may not be assigned',
      { ROLE_ATTRIBUTE_PATH: "'GrafanaAdmin'" },
      { role: 'Admin' },
    ],
    ['no role', {}, { role: 'Viewer' }],
    ['another default role', { GF_USERS_AUTO_ASSIGN_ORG_ROLE: 'Editor' }, { role: 'Editor' }],
    ['a role that does not exist', { ROLE_ATTRIBUTE_PATH: "'Boss'" }, { role: 'Viewer' }],
    ['skipped sync', { ROLE_ATTRIBUTE_PATH: "'Admin'", SKIP_ORG_ROLE_SYNC: 'true' }, { role: 'Viewer' }],
  ]
  for (const [name, environment, expected] of cases) {
    test(name, async () => {
      await start(environment)
      const { user } = bootDataOf(await signIn())
      assert.deepEqual(
        [user.login, user.orgRole, user.isGrafanaAdmin],
        ['ada', expected.role, expected.isAdmin ?? false],
      )
    })
  }

  test('the role follows the provider at each sign-in', async () => {
    await start({ ROLE_ATTRIBUTE_PATH: ROLES })
    assert.equal(bootDataOf(await signIn()).user.orgRole, 'Admin')
    keycloak.clientRoles = ['editor']
    assert.equal(bootDataOf(await signIn()).user.orgRole, 'Editor')
    keycloak.clientRoles = ['admin']
  })

  test('strict: nobody comes in without a role, and the page shows the lists that were there', async () => {
    await start({ ROLE_ATTRIBUTE_PATH: "contains(roles[*], 'admin') && 'Admin'", ROLE_ATTRIBUTE_STRICT: 'true' })
    const problem = problemOf(await signIn())
    assert.equal(problem.title, 'No role could be found for you')
    const facts = Object.fromEntries(problem.facts.map(({ name, value }) => [name, value]))
    assert.equal(facts['role_attribute_path'], "contains(roles[*], 'admin') && 'Admin'")
    assert.match(facts['result over id_token'], /contains\(\) expected argument/)
    assert.equal(facts['access_token: resource_access.quartet.roles'], '["admin"]')
    assert.equal(facts['id_token: groups'], '["/admins","/team/observability"]')
    assert.equal((await ada.fetch(`${stack.url}/api/user`)).status, 401)
  })
})

describe('who may come in', () => {
  withOwnStack()
  const refusals: readonly [Record<string, string>, RegExp][] = [
    [{ ALLOWED_DOMAINS: 'example.com other.org' }, /not of an allowed domain/],
    [{ ALLOWED_GROUPS: 'admins', GROUPS_ATTRIBUTE_PATH: 'groups' }, /none of the groups/],
    [{ ALLOWED_GROUPS: '/admins' }, /none of the groups/],
    [{ ALLOW_SIGN_UP: 'false' }, /no account for you/],
    [{ EMAIL_ATTRIBUTE_PATH: 'mail' }, /did not tell your email/],
  ]
  for (const [environment, title] of refusals) {
    test(`refused: ${JSON.stringify(environment)}`, async () => {
      const { email: _email, ...rest } = keycloak.user
      if ('EMAIL_ATTRIBUTE_PATH' in environment) {
        keycloak.twists = {
          idToken: ({ email: _email, ...claims }) => claims,
          accessToken: ({ email: _email, ...claims }) => claims,
          userInfo: () => rest,
        }
      }
      await start(environment)
      assert.match(problemOf(await signIn()).title, title)
    })
  }
  test('allowed groups and domains let in', async () => {
    await start({ ALLOWED_GROUPS: '/x /admins', GROUPS_ATTRIBUTE_PATH: 'groups', ALLOWED_DOMAINS: 'Example.org' })
    assert.equal(bootDataOf(await signIn()).user.login, 'ada')
  })

  test('organizations are asked for at api_url', async () => {
    await start({ ALLOWED_ORGANIZATIONS: 'other acme', API_URL: keycloak.urls.userInfo })
    assert.equal(bootDataOf(await signIn()).user.login, 'ada')
    await stack.stopWeb()
    await start({ ALLOWED_ORGANIZATIONS: 'other', API_URL: keycloak.urls.userInfo })
    assert.match(
      problemOf(await new Visitor().visit(`${stack.url}/login/generic_oauth`)).title,
      /none of the organizations/,
    )
  })

  test('a local user of the same address is not taken over, unless that is allowed', async () => {
    await start({ GF_SECURITY_ADMIN_EMAIL: 'ada@example.org' })
    const problem = problemOf(await signIn())
    assert.equal(problem.title, 'Another account has your email address')
    await stack.stopWeb()
    await start({ GF_AUTH_OAUTH_ALLOW_INSECURE_EMAIL_LOOKUP: 'true' })
    keycloak.twists = { idToken: (claims) => ({ ...claims, email_verified: false }) }
    assert.equal(problemOf(await signIn()).title, 'Another account has your email address')
    keycloak.twists = {}
    assert.equal(bootDataOf(await signIn()).user.login, 'ada')
    assert.equal((await ada.json<{ id: number }>(`${stack.url}/api/user`)).id, 1)
  })

  test('a disabled user stays out', async () => {
    await start()
    await signIn()
    const { id } = await ada.json<{ id: number }>(`${stack.url}/api/user`)
    await stack.web.logIn()
    const answer = await stack.web.fetch(`/api/admin/users/${id}/disable`, { method: 'POST' })
    assert.deepEqual(await answer.json(), { message: 'User disabled' })
    assert.equal((await ada.fetch(`${stack.url}/api/user`)).status, 401, 'the session is over')
    assert.match(problemOf(await signIn()).title, /disabled/)
  })
})

describe('without an issuer, by upstream’s three URLs', () => {
  withOwnStack()
  const urls = () => ({
    ISSUER: '',
    SCOPES: 'openid email profile',
    AUTH_URL: keycloak.urls.auth,
    TOKEN_URL: keycloak.urls.token,
    API_URL: keycloak.urls.userInfo,
  })
  test('signs in, with id token and access token', async () => {
    await start({ ...urls(), ROLE_ATTRIBUTE_PATH: ROLES })
    const { user } = bootDataOf(await signIn())
    assert.deepEqual([user.login, user.orgRole], ['ada', 'Admin'])
  })
  test('the id token is checked all the same', async () => {
    await start(urls())
    keycloak.twists = { idToken: (claims) => ({ ...claims, aud: 'somebody-else' }) }
    assert.match(problemOf(await signIn()).detail, /another application/)
    keycloak.twists = { idToken: (claims) => ({ ...claims, nonce: 'x' }) }
    assert.match(problemOf(await signIn()).detail, /another sign-in/)
  })
  test('jwk_set_url has its signature checked', async () => {
    await start({ ...urls(), JWK_SET_URL: keycloak.urls.certs })
    assert.equal(bootDataOf(await signIn()).user.login, 'ada')
    keycloak.twists = { signed: damageSignature }
    assert.match(problemOf(await signIn()).title, /did not pass the checks/)
  })
  test('no id token at all: userinfo says everything', async () => {
    await start({ ...urls(), SCOPES: 'email' })
    keycloak.twists = { hasNoIdToken: true }
    assert.equal(bootDataOf(await signIn()).user.login, 'ada')
  })
  test('both ways to authenticate are tried', async () => {
    await start(urls())
    keycloak.twists = { tokenError: { status: 401, body: { error: 'invalid_client' } } }
    assert.match(problemOf(await signIn()).title, /does not accept this server's client/)
    assert.deepEqual(
      keycloak.tokenRequests.map(({ form, authorization }) => [authorization !== undefined, form.has('client_secret')]),
      [
        [true, false],
        [false, true],
      ],
    )
  })
})

function damageSignature(token: string): string {
  const [header, payload, signature] = token.split('.')
  return [header, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.')
}

describe('tokens that must be refused', () => {
  before(async () => {
    stack = await SsoStack.open()
    await start()
  })
  after(() => stack.close())

  const twists: readonly [string, KeycloakLike['twists'], RegExp][] = [
    ['a damaged signature', { signed: damageSignature }, /did not pass the checks/],
    [
      'changed claims under the old signature',
      {
        signed: (token) => {
          const [header, payload, signature] = token.split('.')
          const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
          return [
            header,
            Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url'),
            signature,
          ].join('.')
        },
      },
      /did not pass the checks/,
    ],
    [
      'no signature (alg none)',
      { signed: (token) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.` },
      /did not pass the checks/,
    ],
    ['another audience', { idToken: (claims) => ({ ...claims, aud: 'other' }) }, /did not pass the checks/],
    ['another nonce', { idToken: (claims) => ({ ...claims, nonce: 'other' }) }, /did not pass the checks/],
    [
      'another issuer',
      { idToken: (claims) => ({ ...claims, iss: 'https://evil.example' }) },
      /calls itself by another name/,
    ],
    ['expired', { idToken: (claims) => ({ ...claims, iat: 1, exp: 2 }) }, /clocks/],
    ['no id token', { hasNoIdToken: true }, /did not pass the checks/],
    ['userinfo of somebody else', { userInfo: (claims) => ({ ...claims, sub: 'other' }) }, /contradicts itself/],
    [
      'an answer from another issuer',
      { callback: (parameters) => parameters.set('iss', 'https://evil.example') },
      /did not pass the checks/,
    ],
  ]
  for (const [name, twist, title] of twists) {
    test(name, async () => {
      keycloak.twists = twist
      const visit = await signIn()
      const problem = problemOf(visit)
      assert.match(problem.title, title)
      assert.equal((await ada.fetch(`${stack.url}/api/user`)).status, 401)
      const record = stack.web.records.find((candidate) => candidate.fields['errorId'] === problem.id)
      assert.ok(record, 'the log has the same id')
      const told = JSON.stringify([problem, record])
      assert.ok(!told.includes('s3cret') && !told.includes('eyJ'), 'no secret is told')
    })
  }

  test('a clock that differs is measured', async () => {
    keycloak.twists = { clockAheadS: -3600 }
    const problem = problemOf(await signIn())
    assert.match(problem.title, /clocks/)
    assert.match(problem.detail, /60 min behind this server/)
  })

  test('what the provider refuses is explained', async () => {
    keycloak.twists = {
      callback: (parameters) => (parameters.delete('code'), parameters.set('error', 'access_denied')),
    }
    assert.match(problemOf(await signIn()).title, /did not let you in/)
    keycloak.twists = {
      tokenError: { status: 400, body: { error: 'invalid_grant', error_description: 'Incorrect redirect_uri' } },
    }
    const problem = problemOf(await signIn())
    assert.ok(problem.facts.some(({ value }) => value === stack.redirectUri))
    assert.ok(problem.facts.some(({ value }) => value === 'invalid_grant: Incorrect redirect_uri'))
  })
})
