import { BlockWriter, DiskQueue, nodeFileSystem, Wal } from '@quartet/storage'
import { seededRandom } from '@quartet/storage/testing'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const fileSystem = nodeFileSystem
const onProblem = (): void => undefined

/** A data directory as stopped systems leave it: WALs, blocks, a queue, a database. */
export async function makeData(directory: string, options: { seed?: number; blocks?: number } = {}): Promise<void> {
  const random = seededRandom(options.seed ?? 1)
  for (const service of ['prometheus', 'loki']) {
    for (let number = 0; number < (options.blocks ?? 3); number++) {
      await addBlock(join(directory, service, 'blocks'), random.bytes(200_000 + random.below(100_000)), number)
    }
    await appendWal(join(directory, service, 'wal'), random.bytes(50_000))
  }
  const queue = await DiskQueue.open({
    fileSystem,
    directory: join(directory, 'alloy', 'otelcol.exporter.x', 'queue'),
    maxEntries: 100,
    maxBytes: 1 << 20,
    onProblem,
  })
  for (let number = 0; number < 20; number++) await queue.put(random.bytes(500), 1)
  await queue.close()
  await mkdir(join(directory, 'grafana'), { recursive: true })
  const database = new DatabaseSync(join(directory, 'grafana', 'grafana.db'))
  database.exec('create table dashboard (id integer primary key, data text)')
  for (let number = 0; number < 50; number++) {
    database.prepare('insert into dashboard (data) values (?)').run(`dashboard ${number} ${random.next()}`)
  }
  database.close()
}

export async function addBlock(directory: string, bytes: Uint8Array, number: number): Promise<string> {
  const writer = await BlockWriter.create({ fileSystem, directory, nowMs: 1_700_000_000_000 + number })
  await writer.addSection('data', bytes)
  return writer.commit({ minMs: number, maxMs: number })
}

/** Records of 1000 bytes, in segments of about 20 000. */
export async function appendWal(directory: string, bytes: Uint8Array): Promise<void> {
  const wal = await Wal.open({ fileSystem, directory, segmentBytes: 20_000, onProblem })
  await wal.replay(() => undefined)
  for (let at = 0; at < bytes.length; at += 1000) await wal.append(bytes.subarray(at, at + 1000))
  await wal.close()
}

/** Path → hash of every file, but for those about a running process. */
export async function contentsOf(directory: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {}
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || /\.(lock|db-shm)$/.test(path)) continue
    contents[path.slice(directory.length + 1)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  }
  return contents
}
