import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { CrashMode, Random } from '@quartet/storage/testing'
import { SampleColumns } from '../../src/query/source.ts'
import { MetricsDatabase } from '../../src/storage/database.ts'
import { assertSample, BLOCK_RANGE_MS, requestOf, SERIES, START_MS, STEP_MS } from '../crash/workload.ts'

const RUNS = Number(process.env.QUARTET_PROPERTY_RUNS ?? 12)
/** Rounds between two tries of maintenance. */
const MAINTAIN_EVERY = 25

function open(fileSystem: FaultyFileSystem, walSync: 'always' | 'interval'): Promise<MetricsDatabase> {
  return MetricsDatabase.open({
    fileSystem,
    directory: '/db',
    clock: new FakeClock({ nowMs: START_MS + 1e9 }),
    logger: silentLogger,
    retentionMs: 0,
    blockRangeMs: BLOCK_RANGE_MS,
    walSegmentBytes: 1 << 14,
    walSync,
  })
}

/** Writes rounds with maintenance between until the disk dies; returns the rounds that were acknowledged. */
async function writeUntilCrash(database: MetricsDatabase, firstRound: number): Promise<Set<number>> {
  const acknowledged = new Set<number>()
  for (let round = firstRound; round < firstRound + 400; round++) {
    try {
      const report = await database.appendRemoteWrite(requestOf(round))
      if (report.problem === undefined) acknowledged.add(round)
      else assert.fail(report.problem)
      if (round % MAINTAIN_EVERY === 0) await database.maintain()
    } catch (error) {
      const text = `${(error as Error).message} ${((error as Error).cause as Error | undefined)?.message}`
      if (!/injected/.test(text)) throw error
      if (/ECRASHED/.test(text)) break
    }
  }
  return acknowledged
}

async function roundsIn(database: MetricsDatabase): Promise<Map<number, number>> {
  const signal = new AbortController().signal
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  const columns = new SampleColumns()
  const counts = new Map<number, number>()
  for (const series of selection.series) {
    const number = Number(series.labels.find(([name]) => name === 'series')?.[1])
    series.read(columns)
    for (let index = 0; index < columns.count; index++) {
      const round = (columns.timesMs[index] - START_MS) / STEP_MS
      assertSample(columns, index, round, number)
      counts.set(round, (counts.get(round) ?? 0) + 1)
    }
  }
  selection.release()
  return counts
}

async function run(seed: number, random: Random, walSync: 'always' | 'interval', mode: CrashMode): Promise<void> {
  let fileSystem = new FaultyFileSystem({ seed })
  const acknowledged = new Set<number>()
  let nextRound = 0
  for (let life = 0; life < 3; life++) {
    fileSystem.crashAtOperation = fileSystem.operations + 20 + random.below(700)
    if (seed % 4 === 0)
      fileSystem.fault = (operation) => (operation !== 'read' && random.below(60) === 0 ? 'EIO' : undefined)
    const database = await open(fileSystem, walSync).catch((error: Error) => {
      assert.match(error.message, /injected/)
      return undefined
    })
    if (database) for (const round of await writeUntilCrash(database, nextRound)) acknowledged.add(round)
    fileSystem = fileSystem.crash(mode)
    const reopened = await open(fileSystem, walSync)
    const counts = await roundsIn(reopened)
    for (const round of acknowledged) assert.equal(counts.get(round), SERIES, `round ${round} in life ${life}`)
    for (const [round, count] of counts) assert.equal(count, SERIES, `a part of round ${round} in life ${life}`)
    nextRound = Math.max(-1, ...counts.keys()) + 1
    await reopened.close()
  }
}

for (const [walSync, modes] of [
  ['always', ['drop', 'scramble', 'keep']],
  ['interval', ['keep']],
] as const) {
  test(`with WAL sync '${walSync}', crashes at any operation lose nothing acknowledged and split no request`, async () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const mode = modes[seed % modes.length]
      try {
        await run(seed, seededRandom(seed), walSync, mode)
      } catch (error) {
        throw new Error(`seed ${seed}, ${mode}`, { cause: error })
      }
    }
  })
}
