import { ConfigError } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { loadLokiConfig } from '../../src/config/loki-config.ts'

const ROOT = join(import.meta.dirname, '../../../../../shared/conformance/loki-config/grafana__loki')
/** Only files that are Loki's own configuration; promtail's, Grafana's and lists of removed keys lie beside them. */
const IS_LOKI =
  /(?:cmd\/loki\/|nomad\/loki|examples\/yaml\/|getting-started\/loki|loki-tsdb-storage-s3\/config\/loki|kafka\/loki)/

if (existsSync(ROOT)) {
  it('loads every upstream configuration', async () => {
    const names = (await readdir(ROOT, { recursive: true })).filter(
      (name) => IS_LOKI.test(name) && /\.ya?ml$/.test(name),
    )
    const failures: string[] = []
    for (const name of names) {
      const text = (await readFile(join(ROOT, name), 'utf8')).replace(/\{\{[^}]*\}\}/g, '3100')
      try {
        await loadLokiConfig({ path: name, text, expandEnv: true })
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        failures.push(...error.problems)
      }
    }
    console.log(
      `loki-config: ${names.length - new Set(failures.map((text) => text.split(':')[0])).size} passed, ${failures.length} problems`,
    )
    assert.deepEqual(failures, [])
  })
} else console.log(`loki-config: skipped, nothing in ${ROOT}`)

it('points at unknown keys and wrong values, all at once', async () => {
  const text =
    'auth_enabled: false\nservr: {}\nlimits_config:\n  max_line_size: lots\n  retention_period: 5x\n  nope: 1\n'
  await assert.rejects(loadLokiConfig({ path: 'loki.yaml', text }), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.problems.length, 4, error.message)
    assert.ok(
      error.problems.every((problem) => /^loki\.yaml:\d+:\d+: error: /.test(problem)),
      error.message,
    )
    return true
  })
})

it('reports keys without effect', async () => {
  const { findings, config } = await loadLokiConfig({
    path: 'loki.yaml',
    text: 'schema_config: {}\nserver:\n  http_listen_port: 3200\n  log_level: debug\n',
  })
  assert.equal(config.httpListenPort, 3200)
  assert.deepEqual(
    findings.map(({ at, message }) => `${at} ${message}`),
    ['loki.yaml:1:16 "schema_config" has no effect here', 'loki.yaml:4:14 "server.log_level" has no effect here'],
  )
})
