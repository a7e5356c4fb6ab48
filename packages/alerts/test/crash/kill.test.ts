import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startReceiver } from '../support/start.ts'

const MAIN = fileURLToPath(new URL('../support/process.ts', import.meta.url))

async function startProcess(config: string, data: string): Promise<{ url: string; kill(): Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, config, data, '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return {
    url: line.toString('utf8').trim(),
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

const json = { 'content-type': 'application/json' }

async function isRecorded(directory: string, text: string): Promise<void> {
  for (let tries = 0; tries < 20_000; tries++) {
    for (const name of await readdir(directory)) {
      if ((await readFile(join(directory, name))).includes(text)) return
    }
  }
  assert.fail(`${text} is not in the notification log`)
}

test('kill -9 loses no silence and tells nobody twice', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const hook = await startReceiver()
  t.after(() => hook.close())
  const config = join(directory.path, 'am.yml')
  await writeFile(
    config,
    `route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}\nreceivers: [{name: hook, webhook_configs: [{url: '${hook.url}'}]}]\n`,
  )
  const alerts = (names: readonly string[]): string =>
    JSON.stringify(names.map((alertname) => ({ labels: { alertname }, startsAt: '2026-01-01T00:00:00Z' })))
  const told = (): string[] =>
    hook.received.map(({ body }) => (JSON.parse(body) as { groupLabels: { alertname: string } }).groupLabels.alertname)

  const first = await startProcess(config, directory.path)
  const silence = {
    matchers: [{ name: 'alertname', value: 'Quiet', isRegex: false, isEqual: true }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    createdBy: 'me',
    comment: 'x',
  }
  const created = await fetch(`${first.url}/api/v2/silences`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(silence),
  })
  const { silenceID } = (await created.json()) as { silenceID: string }
  await fetch(`${first.url}/api/v2/alerts`, { method: 'POST', headers: json, body: alerts(['Told', 'Quiet']) })
  await hook.next()
  // That it was told is recorded after the telling.
  await isRecorded(join(directory.path, 'nflog'), 'Told')
  await first.kill()

  const second = await startProcess(config, directory.path)
  t.after(() => second.kill())
  const silences = (await (await fetch(`${second.url}/api/v2/silences`)).json()) as {
    id: string
    status: { state: string }
  }[]
  assert.deepEqual(
    silences.map(({ id, status }) => [id, status.state]),
    [[silenceID, 'active']],
  )
  // What fires is sent again by its client; a new alert shows that groups have been flushed.
  await fetch(`${second.url}/api/v2/alerts`, {
    method: 'POST',
    headers: json,
    body: alerts(['Told', 'Quiet', 'Fresh']),
  })
  await hook.next()
  assert.deepEqual(told(), ['Told', 'Fresh'])
})
