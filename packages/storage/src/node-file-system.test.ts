import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodeFileSystem } from './node-file-system.ts'

const directory = await mkdtemp(join(tmpdir(), 'quartet-fs-'))
after(() => rm(directory, { recursive: true }))

test('appends all parts in order, more of them than one writev takes', async () => {
  const path = join(directory, 'parts')
  const file = await nodeFileSystem.open(path, 'append')
  await file.append(Array.from({ length: 3000 }, (_, index) => Uint8Array.of(index & 255, index >>> 8)))
  assert.equal(await file.sizeBytes(), 6000)
  const read = new Uint8Array(8)
  assert.equal(await file.readAt(read, 5994), 6)
  assert.deepEqual([...read.subarray(0, 6)], [2997 & 255, 2997 >>> 8, 2998 & 255, 2998 >>> 8, 2999 & 255, 2999 >>> 8])
  await file.close()
})

test('appends at the new end after a truncate, in both writing modes', async () => {
  for (const mode of ['create', 'append'] as const) {
    const path = join(directory, `truncated-${mode}`)
    const file = await nodeFileSystem.open(path, mode)
    await file.append([Buffer.from('hello world')])
    await file.truncate(5)
    await file.append([new Uint8Array(new SharedArrayBuffer(1)), Buffer.from('!')])
    await file.sync()
    await file.close()
    assert.equal(Buffer.from(await nodeFileSystem.readFile(path)).toString(), 'hello\0!')
  }
})

test('answers for missing things without an error, except when reading', async () => {
  const missing = join(directory, 'missing')
  assert.deepEqual(await nodeFileSystem.list(missing), [])
  assert.equal(await nodeFileSystem.stat(missing), undefined)
  await nodeFileSystem.removeFile(missing)
  await nodeFileSystem.removeDirectory(missing)
  await assert.rejects(nodeFileSystem.open(missing, 'read'), { code: 'ENOENT' })
  await assert.rejects(nodeFileSystem.readFile(missing), { code: 'ENOENT' })
})

test('lists names sorted and tells files from directories', async () => {
  const nested = join(directory, 'list', 'b')
  await nodeFileSystem.makeDirectory(nested)
  await (await nodeFileSystem.open(join(directory, 'list', 'a'), 'create')).close()
  assert.deepEqual(await nodeFileSystem.list(join(directory, 'list')), ['a', 'b'])
  assert.equal((await nodeFileSystem.stat(nested))?.isDirectory, true)
  await nodeFileSystem.syncDirectory(nested)
})
