import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { discoveryFields } from './discovery/registry.ts'
import { redactUrl } from './fields.ts'
import { loadPrometheusConfig } from './prometheus-config.ts'

/** The text that would be shown, or the problems that would be printed. */
async function shown(yaml: string): Promise<string> {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'prometheus.yml')
  await writeFile(path, yaml)
  try {
    const config = await loadPrometheusConfig(path)
    return `${await config.text()}\n${JSON.stringify(config.findings)}`
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  } finally {
    await directory.remove()
  }
}

const job = (lines: string): string => `scrape_configs:\n- job_name: a\n${lines.replace(/^/gm, '  ')}\n`
const write = (lines: string): string => `remote_write:\n- url: http://a/b\n${lines.replace(/^/gm, '  ')}\n`

/** Every way to write a secret; each holds `hunter2`. */
const SHAPES: Readonly<Record<string, string>> = {
  'a block': job('basic_auth:\n  username: u\n  password: hunter2'),
  'an inline map': job('basic_auth: {username: u, password: hunter2}'),
  'a job in one line': 'scrape_configs: [{job_name: a, basic_auth: {password: "hunter2"}}]\n',
  JSON: '{"scrape_configs": [{"job_name": "a", "authorization": {"credentials": "hunter2"}}]}',
  'a literal block': job('basic_auth:\n  password: |\n    first\n    hunter2'),
  'a folded block': job('basic_auth:\n  password: >-\n    first\n    hunter2'),
  'a plain scalar over two lines': job('basic_auth:\n  password: first\n    hunter2'),
  'a quoted scalar over two lines': job('basic_auth:\n  password: "first\n    hunter2"'),
  'a quoted key': job('basic_auth:\n  "password" : hunter2'),
  'a complex key': job('basic_auth:\n  ? password\n  : hunter2'),
  'an anchor and its alias':
    job('basic_auth: {username: u, password: &p hunter2}') + '- {job_name: b, bearer_token: *p}\n',
  base64: job('bearer_token: !!binary "aHVudGVyMg=="'),
  'a number-like secret': job('bearer_token: 0x68756e74657232 # hunter2'),
  'a comment': job('# the password is hunter2\nhonor_labels: true'),
  'a bearer token': job('bearer_token: hunter2'),
  'an OAuth2 secret': job('oauth2: {client_id: c, client_secret: hunter2, token_url: "http://t"}'),
  'a header': job('http_headers:\n  X-Key:\n    secrets: [hunter2, "hunter2"]'),
  'a proxy header': job('proxy_url: http://p\nproxy_connect_header:\n  X-Key: [hunter2]'),
  'a TLS key': job('tls_config: {cert: c, key: "hunter2"}'),
  'a password in a URL': write('').replace('http://a', 'http://user:hunter2@a'),
  'a password with @ in a URL': write('').replace('http://a', 'http://user:x@hunter2@a'),
  'a password in a proxy URL': job('proxy_url: http://user:hunter2@proxy:3128'),
  'a password in the URL of remote read': 'remote_read: [{url: "https://user:hunter2@a/read"}]\n',
  'a password in a URL of discovery': job('http_sd_configs: [{url: "http://user:hunter2@a/targets"}]'),
  SigV4: write('sigv4: {access_key: a, secret_key: hunter2}'),
  'Azure AD': write(
    'azuread: {oauth: {client_id: 00000000-0000-0000-0000-000000000000, client_secret: hunter2, tenant_id: t}}',
  ),
  Alertmanager: 'alerting: {alertmanagers: [{basic_auth: {password: hunter2}, sigv4: }]}\n',
  Consul: job('consul_sd_configs: [{token: hunter2}]'),
  EC2: job('ec2_sd_configs: [{access_key: a, secret_key: hunter2}]'),
  Marathon: job('marathon_sd_configs: [{servers: ["http://u:hunter2@m"], auth_token: hunter2}]'),
  OVHcloud: job(
    'ovhcloud_sd_configs: [{service: vps, application_key: k, application_secret: hunter2, consumer_key: hunter2}]',
  ),
  // What is wrong is said without quoting what stands in the wrong place.
  'a text instead of a mapping': job('basic_auth: hunter2'),
  'a text instead of a header': job('http_headers: {X-Key: hunter2}'),
  'a text instead of a list': job('http_headers: {X-Key: {secrets: hunter2}}'),
  'a text instead of a discovery': job('consul_sd_configs: hunter2'),
  'a list instead of a secret': job('bearer_token: [hunter2]'),
  'a bad URL': write('').replace('http://a', 'http://user:hunter2@a:port'),
}

for (const [shape, yaml] of Object.entries(SHAPES)) {
  test(`shows no secret that is written as ${shape}`, async () => {
    assert.match(yaml, /hunter2|aHVudGVyMg/)
    const text = await shown(yaml)
    assert.doesNotMatch(text, /hunter2|0x68756e|aHVudGVyMg/)
    if (text.startsWith('global:') && !/comment/.test(shape)) assert.match(text, /<secret>|:xxxxx@/)
  })
}

test('declares every key that holds a secret as one', () => {
  // A new discovery with such a key as plain text would show it.
  const isSecretName =
    /(?:^|_)(?:password|secret|secret_key|token|credentials|service_account_key|private_key|consumer_key)$/
  for (const [name, list] of Object.entries(discoveryFields)) {
    for (const [key, field] of Object.entries(list.def.innerType.element.shape)) {
      if (!isSecretName.test(key)) continue
      const encoded = String(field.safeEncode('hunter2').data)
      assert.equal(encoded, '<secret>', `${name}.${key}`)
    }
  }
})

test('shows what is in effect', async () => {
  const text = await shown('scrape_configs: [{job_name: a, params: {x: [y]}, scrape_interval: 5s}]\n')
  assert.equal(
    text.slice(0, text.indexOf('otlp:')),
    `global:
  scrape_interval: 1m
  scrape_timeout: 10s
  evaluation_interval: 1m
  metric_name_validation_scheme: utf8
  scrape_native_histograms: false
runtime:
  gogc: 75
scrape_configs:
- job_name: a
  honor_timestamps: true
  track_timestamps_staleness: false
  params:
    x:
    - "y"
  scrape_interval: 5s
  scrape_timeout: 5s
  scrape_protocols:
  - OpenMetricsText1.0.0
  - OpenMetricsText0.0.1
  - PrometheusText1.0.0
  - PrometheusText0.0.4
  scrape_native_histograms: false
  always_scrape_classic_histograms: false
  convert_classic_histograms_to_nhcb: false
  metrics_path: /metrics
  scheme: http
  enable_compression: true
  metric_name_validation_scheme: utf8
  metric_name_escaping_scheme: allow-utf-8
  follow_redirects: true
  enable_http2: true
`,
  )
})

test('redacts URLs as Go does', () => {
  for (const [url, expected] of [
    ['http://user:pass@host:80/p', 'http://user:xxxxx@host:80/p'],
    ['http://:pass@host', 'http://:xxxxx@host'],
    ['http://user@host', 'http://user@host'],
    ['http://host:80/a:b@c', 'http://host:80/a:b@c'],
    ['http://host/?q=a:b@c', 'http://host/?q=a:b@c'],
    ['localhost:9090', 'localhost:9090'],
    ['user:pass@host', 'user:xxxxx@host'],
    ['unix:///var/run/docker.sock', 'unix:///var/run/docker.sock'],
  ] as const) {
    assert.equal(redactUrl(url), expected)
  }
})
