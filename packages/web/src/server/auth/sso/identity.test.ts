import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClaimSource } from '../../../common/sign-in.ts'
import { oauthSettings } from '../../config/oauth-settings.ts'
import { requireSettings } from '../../config/settings.ts'
import { identify } from './identity.ts'

function settingsWith(keys: Record<string, string>) {
  const environment = Object.fromEntries(
    Object.entries({ ENABLED: 'true', CLIENT_ID: 'c', ISSUER: 'https://idp.example', ...keys }).map(([key, value]) => [
      `GF_AUTH_GENERIC_OAUTH_${key}`,
      value,
    ]),
  )
  const settings = oauthSettings(requireSettings({ ini: undefined, environment }))
  assert.ok(settings)
  return settings
}

const source = (name: ClaimSource['name'], claims?: Record<string, unknown>): ClaimSource => ({
  name,
  claims,
  absence: claims ? '' : 'none',
})

const ADA = { sub: '1', email: 'ada@example.org', name: 'Ada' }

async function valueOf(attribute: string, keys: Record<string, string>, ...sources: ClaimSource[]) {
  const { attributes } = await identify(sources, settingsWith(keys))
  const report = attributes.find((candidate) => candidate.attribute === attribute)
  return [report?.value, report?.from]
}

test('the id token wins over userinfo, userinfo over the access token', async () => {
  const role = { ROLE_ATTRIBUTE_PATH: 'role' }
  const [id, info, access] = [
    source('id_token', { ...ADA, role: 'Viewer' }),
    source('userinfo', { ...ADA, role: 'Editor' }),
    source('access_token', { ...ADA, role: 'Admin' }),
  ]
  assert.deepEqual(await valueOf('role', role, id, info, access), ['Viewer', 'id_token: expression'])
  assert.deepEqual(await valueOf('role', role, source('id_token', ADA), info, access), [
    'Editor',
    'userinfo: expression',
  ])
  assert.deepEqual(await valueOf('role', role, source('id_token'), source('userinfo', ADA), access), [
    'Admin',
    'access_token: expression',
  ])
})

test('usual claims come before the expression, the less usual ones after it, and the email address stands in for a login', async () => {
  const path = { LOGIN_ATTRIBUTE_PATH: 'preferred_username', EMAIL_ATTRIBUTE_PATH: 'mail' }
  const all = { ...ADA, login: 'a', preferred_username: 'b', username: 'c', mail: 'd@e.f' }
  assert.deepEqual(await valueOf('login', path, source('id_token', all)), ['a', 'id_token: login'])
  assert.deepEqual(await valueOf('email', path, source('id_token', all)), ['ada@example.org', 'id_token: email'])
  const { login: _login, email: _email, ...less } = all
  assert.deepEqual(await valueOf('login', path, source('id_token', less)), ['b', 'id_token: expression'])
  assert.deepEqual(await valueOf('email', path, source('id_token', less)), ['d@e.f', 'id_token: expression'])
  assert.deepEqual(await valueOf('login', {}, source('id_token', less)), ['c', 'id_token: username'])
  assert.deepEqual(await valueOf('login', {}, source('id_token', ADA)), ['ada@example.org', 'the email'])
  assert.deepEqual(await valueOf('email', {}, source('id_token', { sub: '1', upn: 'a@b.c' })), [
    'a@b.c',
    'id_token: upn',
  ])
  const listed = { sub: '1', attributes: { 'email:primary': ['x@y.z'] } }
  assert.deepEqual((await valueOf('email', {}, source('id_token', listed)))[0], 'x@y.z')
})

test('roles are taken in letters of either case, what is none of them is not', async () => {
  const cases: [unknown, string][] = [
    ['admin', 'Admin'],
    ['EDITOR', 'Editor'],
    ['None', 'None'],
    ['GrafanaAdmin', 'Admin'],
    ['root', 'Viewer'],
    [true, 'Viewer'],
    [['Admin'], 'Viewer'],
    [null, 'Viewer'],
  ]
  for (const [role, expected] of cases) {
    const { user } = await identify(
      [source('id_token', { ...ADA, role })],
      settingsWith({ ROLE_ATTRIBUTE_PATH: 'role' }),
    )
    assert.equal(user?.role, expected, JSON.stringify(role))
    assert.equal(user?.isAdmin, undefined, 'nobody’s server administration is touched unless that is allowed')
  }
})

test('who may assign server administrators takes the right away too', async () => {
  const keys = { ROLE_ATTRIBUTE_PATH: 'role', ALLOW_ASSIGN_GRAFANA_ADMIN: 'true' }
  for (const [role, isAdmin] of [
    ['GrafanaAdmin', true],
    ['Admin', false],
  ] as const) {
    const { user } = await identify([source('id_token', { ...ADA, role })], settingsWith(keys))
    assert.equal(user?.isAdmin, isAdmin)
  }
})

test('strict: an expression that gives no role is an error that shows its result everywhere', async () => {
  const keys = { ROLE_ATTRIBUTE_PATH: 'roles[0]', ROLE_ATTRIBUTE_STRICT: 'true' }
  const { error, user } = await identify(
    [source('id_token', ADA), source('userinfo', { ...ADA, roles: ['x'] })],
    settingsWith(keys),
  )
  assert.equal(user, undefined)
  assert.equal(error?.kind, 'role')
  const facts = Object.fromEntries((error?.explanation.facts ?? []).map(({ name, value }) => [name, value]))
  assert.equal(facts['result over id_token'], 'nothing')
  assert.equal(facts['result over userinfo'], '"x"')
  assert.equal(facts['userinfo: roles'], '["x"]')
})

test('groups are texts of a list', async () => {
  const keys = { GROUPS_ATTRIBUTE_PATH: 'groups[*]' }
  const { user } = await identify([source('id_token', { ...ADA, groups: ['/a', 1, '/b'] })], settingsWith(keys))
  assert.deepEqual(user?.groups, ['/a', '/b'])
})

test('no sub, nobody', async () => {
  const { error } = await identify([source('userinfo', { email: 'a@b.c' })], settingsWith({}))
  assert.equal(error?.kind, 'claim_missing')
})

test('an email address that the provider calls unverified is marked', async () => {
  const { user } = await identify([source('id_token', { ...ADA, email_verified: false })], settingsWith({}))
  assert.equal(user?.isEmailVerified, false)
})
