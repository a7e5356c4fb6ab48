import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { seededRandom } from '@quartet/storage/testing'
import { SampleColumns } from '../../src/query/source.ts'
import type { MetricsDatabase } from '../../src/storage/database.ts'
import { assertSample, openDatabase, SERIES, START_MS, STEP_MS } from './workload.ts'

const POINTS = Number(process.env.QUARTET_CRASH_POINTS ?? 10)
const SEED = Number(process.env.QUARTET_SEED ?? 1)

test(`kill -9 at ${POINTS} points under load loses nothing acknowledged (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  const directory = await temporaryDirectory()
  let acknowledged = -1
  try {
    for (let point = 0; point < POINTS; point++) {
      acknowledged = Math.max(acknowledged, await runAndKill(directory.path, acknowledged + 1, 1 + random.below(400)))
      const database = await openDatabase(directory.path)
      const last = await checkContent(database, acknowledged, point)
      await database.close()
      acknowledged = Math.max(acknowledged, last)
    }
  } finally {
    await directory.remove()
  }
})

/** Returns the last round up to which the child said that all were acknowledged. */
async function runAndKill(directory: string, firstRound: number, afterLines: number): Promise<number> {
  const child = spawn(
    process.execPath,
    [new URL('child.ts', import.meta.url).pathname, directory, String(firstRound)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const exited = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  const seen = new Set<number>()
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'open') seen.add(Number(line))
    if (++lines === afterLines) child.kill('SIGKILL')
  }
  assert.equal(await exited, 'SIGKILL', 'the child ended by itself')
  let last = firstRound - 1
  while (seen.has(last + 1)) last++
  return last
}

/** Every series has the samples of all rounds, without a gap, up to at least `acknowledged`. Returns the last round found. */
async function checkContent(database: MetricsDatabase, acknowledged: number, point: number): Promise<number> {
  const selection = await database.source.select({
    matchers: [],
    minMs: -Infinity,
    maxMs: Infinity,
    signal: new AbortController().signal,
  })
  const columns = new SampleColumns()
  const rounds = new Map<number, Set<number>>()
  for (const series of selection.series) {
    const number = Number(series.labels.find(([name]) => name === 'series')?.[1])
    const found = rounds.get(number) ?? new Set()
    rounds.set(number, found)
    series.read(columns)
    for (let index = 0; index < columns.count; index++) {
      const round = (columns.timesMs[index] - START_MS) / STEP_MS
      assertSample(columns, index, round, number)
      assert.ok(!found.has(round), `point ${point}: round ${round} of series ${number} is there twice`)
      found.add(round)
    }
  }
  selection.release()
  let last = -1
  for (let series = 0; series < SERIES; series++) {
    const found = rounds.get(series) ?? new Set()
    for (let round = 0; round <= acknowledged; round++) {
      assert.ok(found.has(round), `point ${point}: round ${round} of series ${series} is lost`)
    }
    last = Math.max(last, ...found)
  }
  return last
}
