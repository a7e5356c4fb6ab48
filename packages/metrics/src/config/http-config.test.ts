import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { messagesOf } from '../../test/support/prometheus-file.ts'
import { httpClient, httpFields } from './http-config.ts'
import { section } from './fields.ts'

for (const [keys, message] of [
  ['bearer_token: a, bearer_token_file: b', 'at most one of bearer_token & bearer_token_file must be configured'],
  [
    'oauth2: {client_id: c, token_url: t}, bearer_token: b',
    'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured',
  ],
  [
    'basic_auth: {username: a, username_file: b}',
    'at most one of basic_auth username, username_file & username_ref must be configured',
  ],
  [
    'basic_auth: {password: a, password_file: b}',
    'at most one of basic_auth password, password_file & password_ref must be configured',
  ],
  ['authorization: {}, bearer_token: b', 'authorization is not compatible with bearer_token & bearer_token_file'],
  [
    'authorization: {credentials: a, credentials_file: b}',
    'at most one of authorization credentials & credentials_file must be configured',
  ],
  ['authorization: {type: " Basic "}', 'authorization type cannot be set to "basic", use "basic_auth" instead'],
  ['authorization: {}, basic_auth: {}', 'at most one of basic_auth, oauth2 & authorization must be configured'],
  ['oauth2: {token_url: t}', 'oauth2 client_id must be configured'],
  ['oauth2: {client_id: c}', 'oauth2 token_url must be configured'],
  ['no_proxy: a', 'if no_proxy is configured, proxy_url must also be configured'],
  [
    'proxy_from_environment: true, proxy_url: "http://p"',
    'if proxy_from_environment is configured, proxy_url must not be configured',
  ],
  [
    'proxy_connect_header: {A: [b]}',
    'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured',
  ],
  ['http_headers: {Authorization: {values: [x]}}', 'setting header "Authorization" is not allowed'],
  ['tls_config: {ca: a, ca_file: b}', 'at most one of ca, ca_file & ca_ref must be configured'],
  [
    'tls_config: {cert_file: c}',
    'exactly one of key or key_file must be configured when a client certificate is configured',
  ],
  ['tls_config: {min_version: TLS9}', 'unknown TLS version: TLS9'],
] as const) {
  test(`refuses ${keys}`, async () => {
    assert.deepEqual(await messagesOf(`scrape_configs: [{job_name: a, ${keys}}]\n`), [message])
  })
}

test('reads secrets from files; one that is missing is left out', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory.path, 'token'), 'from-file\n')
  const schema = section('config.HTTPClientConfig', httpFields)
  const read = (settings: object): ReturnType<typeof httpClient> => httpClient(schema.parse(settings), directory.path)
  assert.equal((await read({ bearer_token_file: 'token' })).authorization, 'Bearer from-file')
  assert.equal(
    (await read({ authorization: { type: 'Token', credentials_file: 'token' } })).authorization,
    'Token from-file',
  )
  assert.equal((await read({ bearer_token_file: 'none' })).authorization, undefined)
  const { basicAuth } = await read({ basic_auth: { username: 'u', password_file: 'token' } })
  assert.deepEqual(basicAuth, { username: 'u', password: 'from-file' })
  const { headers } = await read({ http_headers: { A: { values: ['x'], secrets: ['y'], files: ['token', 'none'] } } })
  assert.deepEqual(headers, { A: 'x, y, from-file' })
  const { tls } = await read({ tls_config: { ca: 'PEM', insecure_skip_verify: true } })
  assert.deepEqual([tls?.ca, tls?.caFile, tls?.insecureSkipVerify], ['PEM', undefined, true])
  await directory.remove()
})
