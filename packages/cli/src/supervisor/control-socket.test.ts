import { silentLogger } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { isControlled, requestSnapshots, serveControlSocket } from './control-socket.ts'
import type { Controlled } from './control-socket.ts'

const ID = '01HZZZZZZZZZZZZZZZZZZZZZZZ'

async function serve(context: TestContext, options: { directory?: string; error?: Error } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'quartet-control-'))
  const dataDirectory = join(root, options.directory ?? '')
  await mkdir(dataDirectory, { recursive: true })
  const calls: string[] = []
  const removed = Promise.withResolvers<void>()
  const controlled: Controlled = {
    async takeSnapshots(id) {
      calls.push(`take ${id}`)
      if (options.error) throw options.error
      return [{ service: 'loki', directory: `/d/${id}`, upstream: 'Loki 3' }]
    },
    async removeSnapshots(id) {
      calls.push(`remove ${id}`)
      removed.resolve()
    },
  }
  const socket = await serveControlSocket({ dataDirectory, controlled, logger: silentLogger })
  context.after(async () => {
    await socket.close()
    await rm(root, { recursive: true })
  })
  return { dataDirectory, calls, removed: removed.promise, socket }
}

test('a snapshot lives as long as the connection that asked for it', async (context) => {
  const { dataDirectory, calls, removed } = await serve(context)
  const held = await requestSnapshots(dataDirectory, ID)
  assert.ok(held)
  assert.deepEqual(held.snapshots, [{ service: 'loki', directory: `/d/${ID}`, upstream: 'Loki 3' }])
  assert.deepEqual(calls, [`take ${ID}`])
  await held.release()
  await removed
  assert.deepEqual(calls, [`take ${ID}`, `remove ${ID}`])
})

test('only the owner may use the socket', async (context) => {
  const { dataDirectory } = await serve(context)
  assert.equal((await stat(join(dataDirectory, 'quartet.sock'))).mode & 0o777, 0o600)
})

test('tells why there is no snapshot', async (context) => {
  const { dataDirectory } = await serve(context, { error: new Error('tempo is restarting') })
  await assert.rejects(requestSnapshots(dataDirectory, ID), /^Error: tempo is restarting$/)
})

test('works below a path that is too long for a socket', async (context) => {
  const { dataDirectory } = await serve(context, { directory: 'a-long-name/'.repeat(12) })
  assert.ok(await isControlled(dataDirectory))
  await (await requestSnapshots(dataDirectory, ID))?.release()
})

test('nobody answers where nobody runs, also behind a dead one', async (context) => {
  const { dataDirectory, socket } = await serve(context)
  assert.ok(await isControlled(dataDirectory))
  await socket.close()
  assert.ok(!(await isControlled(dataDirectory)))
  assert.equal(await requestSnapshots(dataDirectory, ID), undefined)
})
