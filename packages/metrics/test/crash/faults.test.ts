import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@quartet/runtime'
import type { Logger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { SampleColumns } from '../../src/query/source.ts'
import { MetricsDatabase } from '../../src/storage/database.ts'
import { BLOCK_RANGE_MS, requestOf, SERIES, START_MS, STEP_MS } from './workload.ts'

/** What a disk does to a database, short of a crash: each is reported, and nothing that was acknowledged is lost by it. */

interface Opened {
  readonly database: MetricsDatabase
  readonly reports: string[]
}

async function open(fileSystem: FaultyFileSystem, walSync: 'always' | 'interval' = 'interval'): Promise<Opened> {
  const reports: string[] = []
  const note = (fields: unknown, text?: string): void => void reports.push(`${text}: ${JSON.stringify(fields)}`)
  const logger = { ...silentLogger, warn: note, error: note } as Logger
  const clock = new FakeClock({ nowMs: START_MS + 1e9 })
  const sizes = { blockRangeMs: BLOCK_RANGE_MS, walSegmentBytes: 1 << 14 }
  const database = await MetricsDatabase.open({
    fileSystem,
    directory: '/db',
    clock,
    logger,
    retentionMs: 0,
    walSync,
    ...sizes,
  })
  return { database, reports }
}

/** Writes rounds; returns those that were acknowledged. A refusal must be the disk's. */
async function write(database: MetricsDatabase, from: number, to: number, text = /./): Promise<Set<number>> {
  const acknowledged = new Set<number>()
  for (let round = from; round < to; round++) {
    try {
      const { problem } = await database.appendRemoteWrite(requestOf(round))
      assert.equal(problem, undefined)
      acknowledged.add(round)
    } catch (error) {
      assert.match(String(error), text)
    }
  }
  return acknowledged
}

/** How many series have a sample of each round. */
async function rounds(database: MetricsDatabase): Promise<Map<number, number>> {
  const { signal } = new AbortController()
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  const columns = new SampleColumns()
  const counts = new Map<number, number>()
  for (const series of selection.series) {
    series.read(columns)
    for (let at = 0; at < columns.count; at++) {
      const round = (columns.timesMs[at] - START_MS) / STEP_MS
      counts.set(round, (counts.get(round) ?? 0) + 1)
    }
  }
  selection.release()
  return counts
}

function assertWhole(found: ReadonlyMap<number, number>, wanted: ReadonlySet<number>): void {
  for (const round of wanted) assert.equal(found.get(round), SERIES, `round ${round}`)
  for (const [round, count] of found) assert.equal(count, SERIES, `a part of round ${round}`)
}

test('a full disk refuses writes and blocks, and queries go on; with room again, everything does', async () => {
  const fileSystem = new FaultyFileSystem({ capacityBytes: 150_000 })
  const { database, reports } = await open(fileSystem)
  const stored = await write(database, 0, 400, /WalError.*ENOSPC/)
  assert.ok(stored.size > 100 && stored.size < 400, `${stored.size} rounds`)
  await assert.rejects(database.maintain(), /ENOSPC/)
  assert.equal(database.stats().compactionsFailed, 1)
  assert.ok(reports.some((report) => report.includes('ENOSPC') || report.includes('refused records')))
  assertWhole(await rounds(database), stored)
  fileSystem.capacityBytes = Infinity
  for (const round of await write(database, 400, 500)) stored.add(round)
  assert.ok(stored.has(400) && stored.has(499))
  await database.maintain()
  assert.ok(database.stats().blocks > 0)
  assertWhole(await rounds(database), stored)
  const { database: reopened } = await open(fileSystem.crash('keep'))
  assertWhole(await rounds(reopened), stored)
  await reopened.close()
})

test('what a failing fsync was to make durable is not acknowledged, and nothing is written behind it', async () => {
  const fileSystem = new FaultyFileSystem()
  const { database, reports } = await open(fileSystem, 'always')
  const stored = await write(database, 0, 20)
  fileSystem.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined)
  assert.equal((await write(database, 20, 30, /WalError.*EIO/)).size, 0)
  await assert.rejects(database.deleteSeries({ matchers: [], minMs: 0, maxMs: Infinity }), /EIO/)
  fileSystem.fault = undefined
  for (const round of await write(database, 30, 40)) stored.add(round)
  assert.equal(stored.size, 30)
  assert.ok(reports.some((report) => report.includes('fsync failed')))
  assertWhole(await rounds(database), stored)
  const { database: reopened } = await open(fileSystem.crash('drop'), 'always')
  assertWhole(await rounds(reopened), stored)
  await reopened.close()
})

test('a torn segment loses the record that was torn, and says so', async () => {
  const fileSystem = new FaultyFileSystem()
  const { database } = await open(fileSystem)
  const stored = await write(database, 0, 30)
  await database.close()
  const names = await fileSystem.list('/db/wal')
  const path = `/db/wal/${names.at(-1)}`
  const handle = await fileSystem.open(path, 'append')
  await handle.truncate((await handle.sizeBytes()) - 3)
  await handle.close()
  const { database: reopened, reports } = await open(fileSystem)
  stored.delete(29)
  assertWhole(await rounds(reopened), stored)
  assert.equal(reopened.stats().walCorruptions, 1)
  assert.match(reports.join(), /torn/)
  await reopened.close()
})

test('a flipped bit in the WAL loses one record, and says which', async () => {
  const fileSystem = new FaultyFileSystem()
  const { database } = await open(fileSystem)
  await write(database, 0, 30)
  await database.close()
  const [first] = await fileSystem.list('/db/wal')
  const { sizeBytes } = (await fileSystem.stat(`/db/wal/${first}`))!
  fileSystem.flipBit(`/db/wal/${first}`, sizeBytes >> 1, 3)
  const { database: reopened, reports } = await open(fileSystem)
  const found = await rounds(reopened)
  assertWhole(found, new Set())
  assert.equal(found.size, 29)
  assert.equal(reopened.stats().walCorruptions, 1)
  assert.match(reports.join(), /"segment":0,"offset":\d+/)
  await reopened.close()
})

test('a flipped bit in a block fails the query that finds it; then the block is out of the way', async () => {
  const fileSystem = new FaultyFileSystem()
  const { database, reports } = await open(fileSystem)
  await write(database, 0, 200)
  await database.maintain()
  const before = await rounds(database)
  await database.close()
  const [block] = (await fileSystem.list('/db/blocks')).filter((name) => name !== 'corrupt')
  fileSystem.flipBit(`/db/blocks/${block}/sections`, 100, 5)
  const { database: reopened, reports: said } = await open(fileSystem)
  await assert.rejects(rounds(reopened), new RegExp(`block ${block}: section chunks: wrong checksum`))
  await reopened.maintain()
  const left = await rounds(reopened)
  assertWhole(left, new Set())
  assert.ok(left.size > 0 && left.size < before.size, `${left.size} of ${before.size} rounds are left`)
  assert.deepEqual(reports, [])
  assert.match(said.join(), new RegExp(`"kind":"corrupt","block":"${block}"`))
  assert.deepEqual(await fileSystem.list('/db/blocks/corrupt'), [block])
  await reopened.close()
})

test('a block that is damaged is found by a merge, too, which goes on without it', async () => {
  const fileSystem = new FaultyFileSystem()
  const { database } = await open(fileSystem)
  await write(database, 0, 170)
  await database.maintain()
  assert.ok(database.stats().blocks > 0)
  await database.close()
  const [block] = await fileSystem.list('/db/blocks')
  fileSystem.flipBit(`/db/blocks/${block}/sections`, 100, 5)
  const { database: reopened, reports } = await open(fileSystem)
  await write(reopened, 170, 500)
  await assert.rejects(reopened.maintain(), /wrong checksum/)
  await reopened.maintain()
  assert.match(reports.join(), /"kind":"corrupt"/)
  assertWhole(await rounds(reopened), new Set([450, 499]))
  await reopened.close()
})
