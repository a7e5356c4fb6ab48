import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { startAlertmanager, startReceiver } from '../support/start.ts'

test('a mail server that never answers and a hook that hangs hold up nobody else', async (t) => {
  const directory = await temporaryDirectory()
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const hook = await startReceiver()
  const { running, url } = await startAlertmanager(
    directory.path,
    `
route:
  {receiver: mixed, group_by: [alertname], group_wait: 0s, group_interval: 5m, routes: [{receiver: other, matchers: [team="x"]}]}
receivers:
  - name: mixed
    email_configs: [{to: a@x.y, from: b@x.y, smarthost: '127.0.0.1:${port}'}]
    webhook_configs: [{url: 'http://127.0.0.1:${port}/'}, {url: '${hook.url}/mixed'}]
  - name: other
    webhook_configs: [{url: '${hook.url}/other'}]
`,
  )
  t.after(async () => {
    await running.stop()
    await hook.close()
    for (const socket of sockets) socket.destroy()
    silent.close()
    await directory.remove()
  })
  const labels = [{ alertname: 'A' }, { alertname: 'B', team: 'x' }, { alertname: 'C' }]
  await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(labels.map((own) => ({ labels: own, startsAt: '2026-01-01T00:00:00Z' }))),
  })
  const got = [await hook.next(), await hook.next(), await hook.next()]
  assert.deepEqual(got.map(({ path }) => path).sort(), ['/mixed', '/mixed', '/other'])
  assert.ok(sockets.length > 0, 'the silent server was asked, too')
})
