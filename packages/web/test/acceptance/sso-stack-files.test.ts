import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { identify } from '../../src/server/auth/sso/identity.ts'
import { CALLBACK_PATH, oauthSettings } from '../../src/server/config/oauth-settings.ts'
import { requireSettings } from '../../src/server/config/settings.ts'

const STACK = fileURLToPath(new URL('../../../../stack', import.meta.url))

interface Realm {
  readonly realm: string
  readonly roles: { readonly client: Readonly<Record<string, readonly { readonly name: string }[]>> }
  readonly groups: readonly {
    readonly path: string
    readonly clientRoles: Readonly<Record<string, readonly string[]>>
  }[]
  readonly users: readonly { readonly groups: readonly string[]; readonly credentials?: unknown }[]
  readonly clients: readonly {
    readonly clientId: string
    readonly redirectUris: readonly string[]
    readonly secret?: string
    readonly attributes: Readonly<Record<string, string>>
    readonly protocolMappers: readonly { readonly config: Readonly<Record<string, string>> }[]
  }[]
}

const realm = JSON.parse(readFileSync(`${STACK}/keycloak/realm-quartet.json`, 'utf8')) as Realm
const [client] = realm.clients
const path = `${STACK}/grafana/grafana.ini`
const settings = oauthSettings(
  requireSettings({
    ini: { path, text: readFileSync(path, 'utf8') },
    environment: {
      GF_AUTH_GENERIC_OAUTH_ENABLED: 'true',
      GF_AUTH_GENERIC_OAUTH_ISSUER: 'http://localhost:8180/realms/quartet',
    },
  }),
)

test('grafana.ini and the realm are about the same client', () => {
  assert.equal(settings?.clientId, client.clientId)
  assert.ok(client.redirectUris.includes(settings?.redirectUri ?? ''))
  assert.ok(client.redirectUris.every((uri) => uri.endsWith(CALLBACK_PATH)))
  assert.equal(client.attributes['pkce.code.challenge.method'], 'S256')
  assert.equal(settings?.usesPkce, true)
})

test('each role of the realm becomes a role here, by the claims that its mappers write', async () => {
  const names = client.protocolMappers.map(({ config }) => config['claim.name'])
  assert.deepEqual(names, ['roles', 'groups'])
  const found: Record<string, string> = {}
  for (const { name } of realm.roles.client[client.clientId]) {
    const claims = { sub: '1', email: 'a@b.c', preferred_username: 'a', roles: [name], groups: ['/g'] }
    assert.ok(settings)
    const { user } = await identify([{ name: 'id_token', claims, absence: '' }], settings)
    found[name] = `${user?.role}${user?.isAdmin ? ' of the server' : ''}`
  }
  assert.deepEqual(found, { viewer: 'Viewer', editor: 'Editor', admin: 'Admin', grafanaadmin: 'Admin of the server' })
})

test('groups give roles that exist, users are in groups that exist, and nothing secret is in the file', () => {
  const roles = new Set(realm.roles.client[client.clientId].map(({ name }) => name))
  for (const { clientRoles } of realm.groups)
    for (const role of clientRoles[client.clientId]) assert.ok(roles.has(role), role)
  const groups = new Set(realm.groups.map((group) => group.path))
  for (const user of realm.users) {
    for (const group of user.groups) assert.ok(groups.has(group), group)
    assert.equal(user.credentials, undefined)
  }
  assert.equal(client.secret, undefined)
})
