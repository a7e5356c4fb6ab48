import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadText, messagesOf, problemsOf } from '../../test/support/prometheus-file.ts'

const CASES: Readonly<Record<string, readonly (readonly [yaml: string, message: string])[]>> = {
  global: [
    ['global: {scrape_timeout: 2m}', 'global scrape timeout greater than scrape interval'],
    ['global: {scrape_protocols: []}', 'scrape_protocols cannot be empty for global config'],
    ['global: {external_labels: {"a-b": x}, metric_name_validation_scheme: legacy}', '"a-b" is not a valid label name'],
  ],
  scrape_configs: [
    [
      'scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 6s}]',
      'scrape timeout greater than scrape interval for scrape config with job name "a"',
    ],
    [
      'scrape_configs: [{job_name: a, metric_name_validation_scheme: ascii}]',
      "unknown scrape config name validation method specified, must be either '', 'legacy' or 'utf8', got ascii",
    ],
    [
      'scrape_configs: [{job_name: a, metric_name_escaping_scheme: none}]',
      `unknown scrape config name escaping method specified, must be one of 'allow-utf-8', 'underscores', 'dots', or 'values', got "none"`,
    ],
    [
      'scrape_configs: [{job_name: a, static_configs: [{targets: ["http://a"]}]}]',
      '"http://a" is not a valid hostname',
    ],
    ['scrape_configs: [{job_name: a, static_configs: [{labels: {"": x}}]}]', '"" is not a valid label name'],
    ['scrape_config_files: ["a/*/b"]', 'invalid scrape config file path "a/*/b"'],
  ],
  relabel_configs: [
    ...(['labeldrop', 'labelkeep'] as const).flatMap((action) =>
      ['source_labels: [a]', 'target_label: a', 'modulus: 8', 'separator: ","', 'replacement: x'].map(
        (key) =>
          [
            `scrape_configs: [{job_name: a, relabel_configs: [{regex: a, action: ${action}, ${key}}]}]`,
            `${action} action requires only 'regex', and no other fields`,
          ] as const,
      ),
    ),
    [
      'scrape_configs: [{job_name: a, metric_name_validation_scheme: legacy, relabel_configs: [{action: uppercase, target_label: 42lab}]}]',
      `"42lab" is invalid 'target_label' for uppercase action`,
    ],
    [
      'scrape_configs: [{job_name: a, relabel_configs: [{action: keepequal, source_labels: [a], target_label: b, modulus: 2}]}]',
      "keepequal action requires only 'source_labels' and `target_label`, and no other fields",
    ],
  ],
  remote_write: [
    [
      'global: {metric_name_validation_scheme: legacy}\nremote_write: [{url: "http://a", write_relabel_configs: [{target_label: a.b}]}]',
      `"a.b" is invalid 'target_label' for replace action`,
    ],
    [
      'remote_write: [{url: "http://a", name: q}, {url: "http://b", name: q}]',
      'found multiple remote write configs with job name "q"',
    ],
    [
      'remote_read: [{url: "http://a", name: q}, {url: "http://b", name: q}]',
      'found multiple remote read configs with job name "q"',
    ],
    [
      'remote_write: [{url: "http://a", basic_auth: {username: u}, sigv4: {region: r}}]',
      'at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured. Currently configured: [basic_auth sigv4]',
    ],
    [
      'remote_write: [{url: "http://a", sigv4: {access_key: k}}]',
      'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config',
    ],
    [
      'remote_write: [{url: "http://a", queue_config: {batches: 1}}]',
      'field batches not found in type config.QueueConfig',
    ],
  ],
  alerting: [
    [
      'alerting: {alertmanagers: [{sigv4: {region: r}, basic_auth: {username: u}}]}',
      'at most one of basic_auth, authorization, oauth2, & sigv4 must be configured',
    ],
    [
      'alerting: {alertmanagers: [{api_version: v1}]}',
      'expected Alertmanager api version to be one of [v2] but got v1',
    ],
    ['alerting: {alertmanagers: [{static_configs: [{targets: ["http://a"]}]}]}', '"http://a" is not a valid hostname'],
  ],
  tracing: [
    ['tracing: {endpoint: e, compression: zip}', 'invalid compression type zip provided, valid options: gzip'],
    ['tracing: {endpoint: e, client_type: udp}', 'expected tracing client type to be to be http or grpc, but got udp'],
  ],
  storage: [['storage: {tsdb: {retention: {size: 5}}}', 'units: unknown unit  in 5']],
  otlp: [
    [
      'otlp: {promote_all_resource_attributes: true, promote_resource_attributes: [a]}',
      "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously",
    ],
    ['otlp: {translation_strategy: Best}', 'unsupported OTLP translation strategy "Best"'],
    [
      'otlp: {promote_resource_attributes: [a, " "]}',
      "invalid 'promote_resource_attributes': empty promoted OTel resource attribute",
    ],
    [
      '{global: {metric_name_validation_scheme: legacy}, otlp: {translation_strategy: NoTranslation}}',
      'OTLP translation strategy "NoTranslation" is not allowed when UTF8 is disabled',
    ],
  ],
}

for (const [name, cases] of Object.entries(CASES)) {
  for (const [yaml, message] of cases) {
    test(`${name}: refuses ${yaml}`, async () => {
      const found = await messagesOf(`${yaml}\n`)
      // An enum's own text stands behind the key.
      assert.ok(
        found.some((text) => text === message || text.endsWith(`: ${message}`)),
        found.join('\n'),
      )
    })
  }
}

test('loads the jobs of scrape_config_files with the defaults of the main file', async () => {
  const config = await loadText('global: {scrape_interval: 7s}\nscrape_config_files: [jobs/*.yml, none/*.yml]\n', {
    'jobs/a.yml': 'scrape_configs: [{job_name: a, file_sd_configs: [{files: [t.json]}]}]\n',
    'jobs/b.yml': 'scrape_configs: [{job_name: b, dns_sd_configs: [{names: [x]}]}]\n',
  })
  assert.deepEqual(
    config.scrapeConfigs.map(({ jobName, scrapeIntervalMs }) => [jobName, scrapeIntervalMs]),
    [
      ['a', 7000],
      ['b', 7000],
    ],
  )
  assert.match(config.scrapeConfigs[0].fileSdConfigs[0].files[0], /\/jobs\/t\.json$/)
  assert.match(config.findings[0].at ?? '', /b\.yml:1:\d+$/)
})

test('says which of two files has a job already, together with every other problem', async () => {
  const found = await problemsOf('scrape_configs: [{job_name: a}]\nscrape_config_files: [jobs/*.yml]\n', {
    'jobs/a.yml': 'scrape_configs: [{job_name: a}]\n',
    'jobs/b.yml': 'scrape_configs: [{job_name: b, zzz: 1}]\n',
    'jobs/c.yml': 'scrape_configs: [{job_name: c, scrape_timeout: 2m}]\n',
  })
  assert.deepEqual(found, [
    'jobs/a.yml:1:29: error: found multiple scrape configs with job name "a", first found in main config file',
    'jobs/b.yml:1:32: error: field zzz not found in type config.plain',
    'jobs/c.yml:1:18: error: scrape timeout greater than scrape interval for scrape config with job name "c"',
  ])
})

test('a regex without a value is empty, as one that is left out is not', async () => {
  const config = await loadText(
    'scrape_configs:\n- job_name: a\n  relabel_configs:\n  - {target_label: x}\n  - target_label: y\n    regex:\n',
  )
  assert.deepEqual(
    config.scrapeConfigs[0].relabelRules.map(({ pattern }) => pattern),
    ['(.*)', ''],
  )
})
