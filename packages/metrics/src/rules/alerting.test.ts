import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, silentLogger } from '@quartet/runtime'
import { FakeClock, temporaryDirectory } from '@quartet/runtime/testing'
import { system } from '../index.ts'

const RULES = `groups:
- name: g
  interval: 30s
  rules:
  - {record: 'one', expr: vector(1)}
  - {alert: A, expr: one > 0, for: 10m}
`

async function start(): Promise<{
  directory: string
  clock: FakeClock
  get: (path: string) => Promise<string>
  running: Awaited<ReturnType<typeof system.start>>
  options: Parameters<typeof system.start>[0]
  stop: () => Promise<void>
}> {
  const { path: directory, remove } = await temporaryDirectory()
  await mkdir(join(directory, 'rules'))
  await writeFile(join(directory, 'prometheus.yml'), 'rule_files: [rules/*.yml]\n')
  await writeFile(join(directory, 'rules', 'a.yml'), RULES)
  const clock = new FakeClock({ nowMs: Date.UTC(2026, 0, 1, 0, 0, 1) })
  const options = {
    flags: {
      'config.file': join(directory, 'prometheus.yml'),
      'web.listen-address': ['127.0.0.1:0'],
      'storage.tsdb.path': join(directory, 'prometheus'),
    },
    dataDirectory: directory,
    stackDirectory: directory,
    listenHost: '127.0.0.1',
    clock,
    logger: silentLogger,
  }
  const running = await system.start(options)
  const get = async (path: string): Promise<string> => (await fetch(running.endpoints[0].url + path)).text()
  return {
    directory,
    clock,
    get,
    running,
    options,
    stop: async () => {
      await running.stop()
      await remove()
    },
  }
}

test('a rule that cannot be parsed stops a start, a reload and a check, with its place; what runs goes on', async () => {
  const { directory, clock, get, running, options, stop } = await start()
  try {
    assert.match(await get('/api/v1/rules'), /"state":"unknown","name":"A"/)
    await advanceUntil(clock, async () => (await get('/api/v1/alerts')).includes('"alertname":"A"'))
    const before = await get('/api/v1/alerts')
    const file = join(directory, 'rules', 'b.yml')
    await writeFile(file, 'groups: [{name: h, rules: [{record: x, expr: "rate(y)"}]}]\n')
    const problem =
      'group "h", rule 1, "x": could not parse expression: 1:6: parse error: expected type range vector in call to function "rate", got instant vector'
    await assert.rejects(running.reload(), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems, [`${file}:1:46: error: ${problem}`])
      return true
    })
    assert.deepEqual(await system.check(options), [{ severity: 'error', at: `${file}:1:46`, message: problem }])
    assert.equal(await get('/api/v1/alerts'), before)
    await writeFile(file, 'groups: [{name: h, rules: [{record: x, expr: "1"}, {record: x, expr: "2"}]}]\n')
    await running.reload()
    // The group of the other file is the same and keeps its alert.
    assert.equal(await get('/api/v1/alerts'), before)
    assert.match(await get('/api/v1/rules'), /"name":"g".*"name":"h"/)
    assert.deepEqual(
      (await system.check(options)).map(({ severity, message }) => [severity, message]),
      [['warning', 'duplicate rule "x": same name and labels as one before it']],
    )
  } finally {
    await stop()
  }
})

async function advanceUntil(clock: FakeClock, condition: () => Promise<boolean>): Promise<void> {
  for (let step = 0; step < 200; step++) {
    await clock.advance(10_000)
    if (await condition()) return
  }
  assert.fail('did not happen')
}
