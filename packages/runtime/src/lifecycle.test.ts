import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lifecycle } from './lifecycle.ts'

test('stops in the reverse order of starting, once', async () => {
  const order: string[] = []
  const rooms = new Lifecycle()
  for (const name of ['wal', 'head', 'server']) {
    assert.equal(
      await rooms.start(
        () => name,
        (room) => order.push(room),
      ),
      name,
    )
  }
  await Promise.all([rooms.stop(), rooms.stop()])
  assert.deepEqual(order, ['server', 'head', 'wal'])
  await assert.rejects(
    rooms.start(
      () => 1,
      () => undefined,
    ),
    /already stopped/,
  )
})

test('stops what stands when a room fails to start, and tells the first failure', async () => {
  const order: string[] = []
  const rooms = new Lifecycle()
  await rooms.start(
    () => 'wal',
    (room) => order.push(room),
  )
  const failing = rooms.start(
    () => Promise.reject(new Error('port taken')),
    () => order.push('never'),
  )
  await assert.rejects(failing, /port taken/)
  assert.deepEqual(order, ['wal'])
})

test('a failing stop does not keep the others from stopping', async () => {
  const order: string[] = []
  const rooms = new Lifecycle()
  rooms.onStop(() => order.push('first'))
  rooms.onStop(() => Promise.reject(new Error('disk full')))
  rooms.onStop(() => order.push('last'))
  await assert.rejects(rooms.stop(), /disk full/)
  assert.deepEqual(order, ['last', 'first'])
})
