import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { CrashMode } from '@quartet/storage/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesContent } from '../../src/backup/content.ts'
import { FolderStore } from '../../src/backup/folder-store.ts'

const RUNS = 200
const MODES: readonly CrashMode[] = ['keep', 'drop', 'scramble']

async function contentsOf(store: FolderStore): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for await (const { key } of store.list('')) {
    const chunks: Uint8Array[] = []
    for await (const chunk of store.read(key)) chunks.push(Uint8Array.from(chunk))
    found.set(key, Buffer.concat(chunks))
  }
  return found
}

test('after a crash at any operation an object is whole or not there, and what was acknowledged is there', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed)
    const fileSystem = new FaultyFileSystem({ seed })
    await fileSystem.makeDirectory('/target')
    fileSystem.crashAtOperation = random.below(120)
    const store = new FolderStore(fileSystem, '/target')
    const contents = new Map<string, Buffer>()
    const acknowledged: string[] = []
    try {
      for (let number = 0; number < 12; number++) {
        const key = `objects/${number % 3}/${number}`
        contents.set(key, Buffer.from(random.bytes(random.below(3000))))
        await store.write(key, bytesContent(contents.get(key)!))
        acknowledged.push(key)
      }
    } catch (error) {
      assert.match(String(error), /injected/, `seed ${seed}`)
    }
    const survivor = new FolderStore(fileSystem.crash(MODES[seed % 3]!), '/target')
    const found = await contentsOf(survivor)
    for (const key of acknowledged) assert.ok(found.has(key), `seed ${seed}: ${key} is lost`)
    for (const [key, bytes] of found) assert.ok(bytes.equals(contents.get(key)!), `seed ${seed}: ${key} is not whole`)
    await survivor.removeParts()
    assert.deepEqual(await contentsOf(survivor), found)
  }
})

test('a full disk refuses an object, leaves nothing of it, and takes it once there is room', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed)
    const fileSystem = new FaultyFileSystem({ seed, capacityBytes: 4000 + random.below(2000) })
    await fileSystem.makeDirectory('/target')
    const store = new FolderStore(fileSystem, '/target')
    const first = bytesContent(random.bytes(3000))
    await store.write('a', first)
    const second = bytesContent(random.bytes(3001))
    await assert.rejects(store.write('b', second), { code: 'ENOSPC' }, `seed ${seed}`)
    assert.deepEqual(await fileSystem.list('/target'), ['a'], `seed ${seed}`)
    fileSystem.capacityBytes = Infinity
    await store.write('b', second)
    assert.equal((await contentsOf(store)).size, 2)
  }
})
