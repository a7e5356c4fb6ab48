import { ConfigError } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadDashboardProviders } from './dashboard-providers.ts'
import { describeDataSource, loadDataSources, uidFromName } from './data-sources.ts'

async function provisioning(files: Record<string, string>) {
  const directory = await temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory.path, name, '..'), { recursive: true })
    await writeFile(join(directory.path, name), text)
  }
  return directory
}

test('reads data sources and expands values, secrets stay inside', async () => {
  const directory = await provisioning({
    'datasources/a.yaml': `apiVersion: 1
datasources:
  - name: Prometheus
    type: prometheus
    url: http://$HOST:\${PORT}/
    isDefault: true
    basicAuth: true
    basicAuthUser: me
    jsonData: { httpMethod: POST, link: '$\${__value.raw}' }
    secureJsonData: { basicAuthPassword: $SECRET }
`,
  })
  const sources = await loadDataSources(directory.path, { HOST: 'h', PORT: '9', SECRET: 's3cret' })
  const [source] = sources.list
  assert.equal(source.url, 'http://h:9')
  assert.equal(source.uid, uidFromName('Prometheus'))
  assert.equal(source.secrets.basicAuthPassword, 's3cret')
  const described = describeDataSource(source)
  assert.deepEqual(described.jsonData, { httpMethod: 'POST', link: '${__value.raw}' })
  assert.deepEqual(described.secureJsonFields, { basicAuthPassword: true })
  assert.ok(!JSON.stringify(described).includes('s3cret'))
  assert.equal(described.readOnly, true)
  assert.equal(sources.find('1'), source)
  assert.equal(sources.find('Prometheus'), source)
  await directory.remove()
})

test('uids of data sources without one are upstream’s', () => {
  assert.equal(uidFromName('Prometheus'), 'PBFA97CFB590B2093')
})

test('reports the problems of all files with their places', async () => {
  const directory = await provisioning({
    'datasources/a.yaml': 'datasources:\n  - name: A\n    type: loki\n    isDefault: true\n  - type: loki\n',
    'datasources/b.yaml': 'datasources: 5\n',
  })
  await assert.rejects(loadDataSources(directory.path, {}), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(
      error.problems.map((problem) => problem.replace(`${directory.path}/datasources/`, '')),
      [
        'a.yaml:5:5: error: "datasources[1].name" is missing in "datasources[1]"',
        'b.yaml:1:14: error: "datasources" must be a list, got 5',
      ],
    )
    return true
  })
  await directory.remove()
})

test('two defaults, repeated names and bad URLs are problems', async () => {
  const directory = await provisioning({
    'datasources/a.yaml':
      'datasources:\n  - {name: A, type: loki, isDefault: true}\n  - {name: A, type: loki, isDefault: true, url: nowhere}\n',
  })
  await assert.rejects(loadDataSources(directory.path, {}), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /name "A" is used already at .*a\.yaml:2:/)
    assert.match(error.message, /a\.yaml:3:\d+: error: only one data source can be the default/)
    assert.match(error.message, /"nowhere" is not a URL/)
    return true
  })
  await directory.remove()
})

test('a later file can delete what an earlier one added', async () => {
  const directory = await provisioning({
    'datasources/a.yaml': 'datasources:\n  - {name: A, type: loki}\n  - {name: B, type: loki}\n',
    'datasources/b.yml': 'prune: true\ndeleteDatasources:\n  - {name: A, orgId: 1}\n',
  })
  assert.deepEqual(
    (await loadDataSources(directory.path, {})).list.map(({ name }) => name),
    ['B'],
  )
  await directory.remove()
})

test('providers need a path and exclude folder with folders from files', async () => {
  const directory = await provisioning({
    'dashboards/a.yaml': 'providers:\n  - {name: a, folder: x, options: {foldersFromFilesStructure: true}}\n',
  })
  await assert.rejects(loadDashboardProviders(directory.path, {}), /"options\.path" is missing[^]*exclude each other/)
  await directory.remove()
})

test('the default stack loads', async () => {
  const stack = fileURLToPath(new URL('../../../../../stack/grafana/provisioning', import.meta.url))
  const sources = await loadDataSources(stack, {})
  assert.deepEqual(
    sources.list.map(({ uid, type }) => [uid, type]),
    [
      ['prometheus', 'prometheus'],
      ['loki', 'loki'],
      ['tempo', 'tempo'],
      ['alertmanager', 'alertmanager'],
    ],
  )
  const [provider] = await loadDashboardProviders(stack, {})
  assert.equal(provider.path, join(stack, 'dashboards'))
})
