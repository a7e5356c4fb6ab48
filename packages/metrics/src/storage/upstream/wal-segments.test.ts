import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { crc32c, nodeFileSystem } from '@quartet/storage'
import { seededRandom } from '@quartet/storage/testing'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { UpstreamFormatError } from './format-error.ts'
import { readUpstreamRecord } from './wal-record.ts'
import { listWalSegments, readWal } from './wal-segments.ts'
import type { WalDamage } from './wal-segments.ts'

const PAGE_BYTES = 32 << 10
const seed = Number(process.env['QUARTET_SEED'] ?? 20_261_123)

/** Pages of a segment with the records, large ones in fragments. */
function segment(records: readonly Uint8Array[], compression = 0): Buffer {
  const parts: Buffer[] = []
  let used = 0
  for (const record of records) {
    let rest = record
    for (let isFirst = true; isFirst || rest.length > 0; isFirst = false) {
      let room = PAGE_BYTES - (used % PAGE_BYTES)
      if (room <= 7) {
        parts.push(Buffer.alloc(room))
        used += room
        room = PAGE_BYTES
      }
      const data = rest.subarray(0, room - 7)
      rest = rest.subarray(data.length)
      const kind = rest.length === 0 ? (isFirst ? 1 : 4) : isFirst ? 2 : 3
      const head = Buffer.alloc(7)
      head[0] = kind | compression
      head.writeUInt16BE(data.length, 1)
      head.writeUInt32BE(crc32c(data), 3)
      parts.push(head, Buffer.from(data))
      used += 7 + data.length
    }
  }
  return Buffer.concat(parts)
}

async function readAll(directory: string): Promise<{ records: Buffer[]; damage: WalDamage[] }> {
  const damage: WalDamage[] = []
  const records: Buffer[] = []
  const segments = await listWalSegments(nodeFileSystem, directory)
  for await (const record of readWal(nodeFileSystem, segments, (one) => damage.push(one))) {
    records.push(Buffer.from(record))
  }
  return { records, damage }
}

test('records come back, whole, in fragments and compressed, those of the newest checkpoint first', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const random = seededRandom(seed)
  const records = [1, 100, 32_754, 32_755, 70_000, 5].map((size) => Buffer.from(random.bytes(size)))
  for (const checkpoint of ['checkpoint.00000002', 'checkpoint.00000011']) {
    await mkdir(join(directory.path, checkpoint))
    await writeFile(join(directory.path, checkpoint, '00000000'), segment([Buffer.from(checkpoint)]))
  }
  await writeFile(join(directory.path, '00000011'), segment([Buffer.from('in the checkpoint')]))
  await writeFile(join(directory.path, '00000012'), segment(records))
  await writeFile(join(directory.path, '00000013'), segment([zstdCompressSync(records[1])], 0x10))
  const read = await readAll(directory.path)
  assert.deepEqual(read.damage, [])
  assert.deepEqual(read.records, [Buffer.from('checkpoint.00000011'), ...records, records[1]])
})

test(`damage ends the log and is told; a record that is cut off at the end is not (seed ${seed})`, async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const random = seededRandom(seed)
  const records = Array.from({ length: 20 }, () => Buffer.from(random.bytes(1 + random.below(900))))
  const bytes = segment(records)
  const path = join(directory.path, '00000000')
  for (let round = 0; round < 60; round++) {
    const isCut = random.below(2) === 0
    const damaged = Buffer.from(bytes.subarray(0, isCut ? random.below(bytes.length) : bytes.length))
    if (!isCut) damaged[random.below(damaged.length)] ^= 1 << random.below(8)
    await writeFile(path, damaged)
    const read = await readAll(directory.path)
    assert.deepEqual(read.records, records.slice(0, read.records.length))
    if (isCut) assert.deepEqual(read.damage, [])
    else assert.ok(read.records.length < records.length, 'a flipped bit went unnoticed')
  }
})

test(`records of any bytes give samples or a typed error (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const visitor = {
    series() {},
    sample() {},
    histogram: (_ref: number, _at: number, read: () => unknown) => void read(),
  }
  for (let round = 0; round < 5000; round++) {
    const record = random.bytes(1 + random.below(120))
    record[0] = random.below(12)
    try {
      readUpstreamRecord(record, visitor)
    } catch (error) {
      assert.ok(error instanceof UpstreamFormatError, `round ${round}: ${String(error)}`)
    }
  }
})
