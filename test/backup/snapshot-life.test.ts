import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { requestSnapshots } from '@quartet/cli'
import { createUlid } from '@quartet/storage'
import { eventually, Quartet } from '../support/quartet.ts'

let running: Quartet | undefined

after(async () => {
  await running?.stop()
})

test('a snapshot goes with its connection, and with the next start when the process was killed', async () => {
  running = await Quartet.start({ systems: ['loki', 'pushgateway'] })
  const { directory } = running
  const data = join(directory, 'data')
  const first = await requestSnapshots(data, createUlid(Date.now()))
  assert.deepEqual(first?.snapshots.map(({ service }) => service).sort(), ['loki', 'pushgateway'])
  const paths = first!.snapshots.map((snapshot) => snapshot.directory)
  assert.ok(paths.every((path) => existsSync(path)))
  await first!.release()
  await eventually('the removal', async () => assert.ok(paths.every((path) => !existsSync(path))))

  const second = await requestSnapshots(data, createUlid(Date.now()))
  const left = second!.snapshots.map((snapshot) => snapshot.directory)
  await running.kill()
  assert.ok(left.every((path) => existsSync(path)))
  assert.equal(await requestSnapshots(data, createUlid(Date.now())), undefined, 'a dead socket is nobody')
  running = await Quartet.start({ systems: ['loki', 'pushgateway'], directory })
  await eventually('the removal', async () => assert.ok(left.every((path) => !existsSync(path))))
})
