import { ConfigError } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAlertmanager } from '../support/start.ts'

const CONFIG = 'route: {receiver: r}\nreceivers: [{name: r}]\n'
/** `secret` */
const HASH = '$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'

function get(url: string, login?: string): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { rejectUnauthorized: false, ...(login && { auth: login }) }, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('a web configuration file gives TLS, logins and headers', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const file = (name: string): string => join(directory.path, name)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-nodes', '-days', '2', '-subj', '/CN=localhost']
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, ...subject, '-keyout', file('key.pem'), '-out', file('cert.pem')],
    {
      stdio: 'ignore',
    },
  )
  await writeFile(
    file('web.yml'),
    `tls_server_config: {cert_file: cert.pem, key_file: key.pem}\nhttp_server_config: {headers: {X-Frame-Options: deny}}\nbasic_auth_users: {ada: '${HASH}'}\n`,
  )
  const { running, url } = await startAlertmanager(directory.path, CONFIG, { 'web.config.file': file('web.yml') })
  t.after(() => running.stop())
  assert.match(url, /^https:/)
  const refused = await get(`${url}/api/v2/status`)
  assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, 'Basic'])
  for (const login of ['ada:wrong', 'bob:secret']) assert.equal((await get(`${url}/`, login)).status, 401)
  for (const path of ['/', '/-/healthy', '/metrics', '/api/v2/status']) {
    const answer = await get(url + path, 'ada:secret')
    assert.deepEqual([answer.status, answer.headers['x-frame-options']], [200, 'deny'], path)
  }
})

test('a broken web configuration file is refused with every problem', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const path = join(directory.path, 'web.yml')
  await writeFile(
    path,
    "tls_server_config: {cert_file: none.pem, key_file: none.key}\nbasic_auth_users: {ada: 'plain'}\n",
  )
  await assert.rejects(startAlertmanager(directory.path, CONFIG, { 'web.config.file': path }), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.problems.length, 3)
    assert.match(error.message, /web\.yml:2:\d+: error: the password of ada is not a bcrypt hash/)
    return true
  })
})

test('other origins may read and create, as upstream has it', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const { running, url } = await startAlertmanager(directory.path, CONFIG)
  t.after(() => running.stop())
  const ask = (method: string, headers: string) =>
    fetch(`${url}/api/v2/silences`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://there.example',
        'access-control-request-method': method,
        'access-control-request-headers': headers,
      },
    })
  const create = await ask('POST', 'content-type')
  assert.equal(create.status, 204)
  assert.equal(create.headers.get('access-control-allow-origin'), '*')
  assert.equal(create.headers.get('access-control-allow-methods'), 'POST')
  assert.equal(create.headers.get('access-control-allow-headers'), 'content-type')
  assert.equal((await ask('DELETE', '')).headers.get('access-control-allow-origin'), null)
  assert.equal((await ask('POST', 'authorization')).headers.get('access-control-allow-origin'), null)
  const read = await fetch(`${url}/api/v2/status`, { headers: { origin: 'http://there.example' } })
  assert.equal(read.headers.get('access-control-allow-origin'), '*')
})
