import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkWeb } from './check.ts'
import { system } from './index.ts'

const STACK = fileURLToPath(new URL('../../../../stack', import.meta.url))

test('the default stack has nothing to complain about', async () => {
  const flags = { config: join(STACK, 'grafana/grafana.ini') }
  assert.deepEqual(await checkWeb({ flags, stackDirectory: STACK, dataDirectory: '/nowhere' }, {}), [])
})

test('tells everything about settings, data sources and dashboards', async () => {
  const directory = await temporaryDirectory()
  const files = {
    'grafana/grafana.ini': '[smtp]\nenabled = true\n',
    'grafana/provisioning/datasources/a.yaml': 'datasorces: []\ndatasources:\n  - {name: A, type: lokki}\n',
    'grafana/provisioning/dashboards/a.yaml': 'providers: [{name: files, options: {path: dashboards}}]\n',
    'grafana/provisioning/dashboards/a.json': '{"title": "A",}',
    'grafana/provisioning/dashboards/b.json': '{"title": "B", "uid": "b"}',
    'grafana/provisioning/dashboards/c.json': '{"title": "C", "uid": "b"}',
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory.path, name, '..'), { recursive: true })
    await writeFile(join(directory.path, name), text)
  }
  const flags = { config: join(directory.path, 'grafana/grafana.ini') }
  const findings = await checkWeb({ flags, stackDirectory: directory.path, dataDirectory: '/nowhere' }, {})
  const strip = (text: string | undefined): string => (text ?? '').replaceAll(`${directory.path}/grafana/`, '')
  assert.deepEqual(
    findings.map(({ severity, at, message }) => `${strip(at)}: ${severity}: ${strip(message)}`),
    [
      'grafana.ini:2:11: warning: [smtp] enabled has no effect',
      'provisioning/datasources/a.yaml:1:13: warning: unknown key "datasorces" has no effect; there are apiVersion, datasources, deleteDatasources, prune',
      'provisioning/datasources/a.yaml:3:21: warning: data sources of type "lokki" do not work here; there are prometheus, loki, tempo, alertmanager',
      'provisioning/dashboards/a.json:1:15: error: expected a name in double quotes, found "}"',
      'provisioning/dashboards/c.json:1:1: error: uid "b" is used already by provisioning/dashboards/b.json',
    ],
  )
  await directory.remove()
})

test('broken settings and provisioning keep the server from starting', async () => {
  const directory = await temporaryDirectory()
  const config = join(directory.path, 'grafana.ini')
  await writeFile(config, '[server]\nhttp_port = x\n')
  const options = { flags: { config }, stackDirectory: directory.path, dataDirectory: directory.path }
  const findings = await system.check(options)
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error').map(({ at }) => at),
    [`${config}:2:13`],
  )
  await directory.remove()
})
