import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkExpressions } from '../auth/sso/check-expressions.ts'
import { oauthSettings, subPathOf } from './oauth-settings.ts'
import { readSettings, requireSettings } from './settings.ts'

const ini = (text: string): { path: string; text: string } => ({
  path: 'grafana.ini',
  text: `[auth.generic_oauth]\n${text}`,
})
const findingsOf = (text: string): string[] =>
  readSettings({ ini: ini(text), environment: {} }).findings.map(
    ({ severity, at, message }) => `${at}: ${severity}: ${message}`,
  )
const GOOD = 'enabled = true\nclient_id = c\nissuer = https://idp.example\n'

test('is off by default, and then nothing of it is checked', () => {
  assert.equal(oauthSettings(requireSettings({ ini: ini('issuer = nonsense\n'), environment: {} })), undefined)
})

test('tells all that is missing or wrong, with its place', () => {
  assert.deepEqual(findingsOf('enabled = true\n'), [
    'grafana.ini:2:11: error: [auth.generic_oauth] client_id: is missing',
    'grafana.ini:2:11: error: [auth.generic_oauth] auth_url: is missing, and there is no issuer to ask for it',
    'grafana.ini:2:11: error: [auth.generic_oauth] token_url: is missing, and there is no issuer to ask for it',
  ])
  assert.deepEqual(findingsOf(`${GOOD}api_url = idp.example/userinfo\nrole_attribute_strict = true\n`), [
    'grafana.ini:5:11: error: [auth.generic_oauth] api_url: "idp.example/userinfo" is not an http URL',
    'grafana.ini:6:25: error: [auth.generic_oauth] role_attribute_strict: nobody can sign in without role_attribute_path',
  ])
  assert.deepEqual(findingsOf(`${GOOD}auth_style = both\n`), [
    'grafana.ini:5:14: error: [auth.generic_oauth] auth_style: "both" is not one of AutoDetect, InParams, InHeader',
  ])
})

test('what restricts who may sign in and is not supported is an error, what only maps is a warning', () => {
  assert.deepEqual(findingsOf(`${GOOD}team_ids = 1\norg_mapping = a:1:Viewer\n`), [
    'grafana.ini:6:15: warning: [auth.generic_oauth] org_mapping has no effect',
    'grafana.ini:5:12: error: [auth.generic_oauth] team_ids: is not supported, and without effect it would let in whom it is to keep out',
  ])
})

test('warns of what is open to others', () => {
  const text = GOOD.replace('https:', 'http:')
  assert.match(findingsOf(text)[0], /warning: .*unencrypted/)
  assert.deepEqual(findingsOf(text.replace('idp.example', 'keycloak:8080')), [], 'a compose service is near')
  assert.deepEqual(findingsOf(text.replace('idp.example', '127.0.0.1:8080')), [])
  assert.match(findingsOf(`${GOOD}tls_skip_verify_insecure = true\n`)[0], /warning: .*can pose as it/)
})

test('expressions are read before anybody signs in', async () => {
  const source = {
    ini: ini(`${GOOD}role_attribute_path = contains(groups[*], 'a'\nlogin_attribute_path = a.b\n`),
    environment: {},
  }
  const findings = await checkExpressions(requireSettings(source))
  assert.equal(findings.length, 1)
  assert.equal(findings[0].at, 'grafana.ini:5:23')
  assert.match(findings[0].message, /role_attribute_path: is not JMESPath: /)
})

test('the redirect URI follows root_url, with its path', () => {
  const environment = { GF_SERVER_ROOT_URL: 'https://example.org/grafana' }
  const settings = requireSettings({ ini: ini(GOOD), environment })
  assert.equal(oauthSettings(settings)?.redirectUri, 'https://example.org/grafana/login/generic_oauth')
  assert.equal(subPathOf(settings), '/grafana')
  assert.equal(subPathOf(requireSettings({ ini: undefined, environment: {} })), '')
})

test('scopes are a list in any form; an issuer brings its own default', () => {
  const scopeOf = (text: string): string | undefined =>
    oauthSettings(requireSettings({ ini: ini(text), environment: {} }))?.scope
  assert.equal(scopeOf(GOOD), 'openid profile email')
  assert.equal(scopeOf(`${GOOD}scopes = openid, groups\n`), 'openid groups')
  assert.equal(scopeOf(`${GOOD}empty_scopes = true\n`), '')
  assert.equal(scopeOf('enabled = true\nclient_id = c\nauth_url = https://a/\ntoken_url = https://a/\n'), 'user:email')
})
