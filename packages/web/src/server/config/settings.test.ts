import { ConfigError } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSettings, requireSettings } from './settings.ts'

const ini = (text: string): { path: string; text: string } => ({ path: 'grafana.ini', text })

test('has upstream defaults', () => {
  const settings = requireSettings({ ini: undefined, environment: {} })
  assert.equal(settings.number('server', 'http_port'), 3000)
  assert.equal(settings.text('security', 'admin_user'), 'admin')
  assert.equal(settings.duration('auth', 'login_maximum_lifetime_duration'), 30 * 86_400_000)
  assert.equal(settings.text('server', 'root_url'), 'http://localhost:3000/')
})

test('environment wins over the file', () => {
  const settings = requireSettings({
    ini: ini('[server]\nhttp_port = 3001\ndomain = example.org\n[auth.basic]\nenabled = true\n'),
    environment: { GF_SERVER_HTTP_PORT: '3002', GF_AUTH_BASIC_ENABLED: 'false' },
  })
  assert.equal(settings.number('server', 'http_port'), 3002)
  assert.equal(settings.flag('auth.basic', 'enabled'), false)
  assert.equal(settings.text('server', 'root_url'), 'http://example.org:3002/')
})

test('values come from the environment and from files', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'password')
  await writeFile(path, 'from file\n')
  const settings = requireSettings({
    ini: ini(`[security]\nadmin_user = $__env{WHO}\nsecret_key = k-$__file{${path}}\n`),
    environment: { WHO: 'boss', GF_SECURITY_ADMIN_PASSWORD__FILE: path },
  })
  assert.equal(settings.text('security', 'admin_user'), 'boss')
  assert.equal(settings.text('security', 'secret_key'), 'k-from file')
  assert.equal(settings.text('security', 'admin_password'), 'from file')
  await directory.remove()
})

test('takes the administrator from the variables of compose files, after GF_ ones', () => {
  const environment = { GRAFANA_ADMIN_USERNAME: 'root', GRAFANA_ADMIN_PASSWORD: 'a', GF_SECURITY_ADMIN_PASSWORD: 'b' }
  const settings = requireSettings({ ini: undefined, environment })
  assert.equal(settings.text('security', 'admin_user'), 'root')
  assert.equal(settings.text('security', 'admin_password'), 'b')
})

test('reports all problems at once with their places', () => {
  const text =
    '[server]\nhttp_port = many\nroot_url = nowhere\n[security]\ncookie_samesite = maybe\ncookie_secure = 2\n'
  assert.throws(
    () => requireSettings({ ini: ini(text), environment: { GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION: 'ages' } }),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems, [
        'grafana.ini:2:13: error: [server] http_port: "many" is not a whole number from 0 to 65535',
        'grafana.ini:6:17: error: [security] cookie_secure: "2" is not true or false',
        'grafana.ini:5:19: error: [security] cookie_samesite: "maybe" is not one of lax, strict, none, disabled',
        'GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION: error: [auth] login_maximum_lifetime_duration: "ages" is not a duration such as 30d or 1h30m',
        'grafana.ini:3:12: error: [server] root_url: "nowhere" is not an http URL',
      ])
      return true
    },
  )
})

test('accepts what has no effect, with a warning', () => {
  const { settings, findings } = readSettings({
    ini: ini('app_mode = production\n[smtp]\nenabled = true\n'),
    environment: { GF_INSTALL_PLUGINS: 'clock' },
  })
  assert.ok(settings)
  assert.deepEqual(
    findings.map(({ severity, at, message }) => `${at}: ${severity}: ${message}`),
    [
      'grafana.ini:1:12: warning: app_mode has no effect',
      'grafana.ini:3:11: warning: [smtp] enabled has no effect',
      'GF_INSTALL_PLUGINS: warning: GF_INSTALL_PLUGINS has no effect',
    ],
  )
})
