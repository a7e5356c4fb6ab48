import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { test } from 'node:test'
import { silentLogger, systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { nodeFileSystem } from '@quartet/storage'
import { seededRandom } from '@quartet/storage/testing'
import { SampleColumns } from '../../src/query/source.ts'
import { openDatabase, RETAINED_ROUNDS, singleValueOf } from './points-workload.ts'
import { assertSample, SERIES, START_MS, STEP_MS } from './workload.ts'

/** `QUARTET_KILL_POINTS=1000` runs them all; a few minutes. */
const POINTS = Number(process.env.QUARTET_KILL_POINTS ?? 12)
const SEED = Number(process.env.QUARTET_SEED ?? 1)
/** Points after which a new directory is begun, so that a young database is killed often, too. */
const POINTS_PER_DIRECTORY = 25
/** Where to die, and at which file operation there at the latest. */
const PLACES = [
  ['any', 250],
  ['open', 6],
  ['append', 60],
  ['maintain', 160],
  ['maintain', 60],
  ['delete', 2],
  ['clean', 12],
  ['snapshot', 40],
] as const

type Child = ChildProcessByStdio<Writable, Readable, null>

/** Rounds that must be there, by metric, and what is between begun and acknowledged. */
class Expected {
  readonly main = new Set<number>()
  readonly late = new Set<number>()
  readonly gone = new Set<number>()
  /** Acknowledged once, and deleted since. */
  readonly deleted = new Set<number>()
  deleting: [from: number, to: number] | undefined
  /** Snapshots that were acknowledged, each with what it must hold. */
  snapshots: { name: string; main: Set<number> }[] = []
  #snapping = new Set<number>()

  /** One line of the child. */
  take(line: string): void {
    const [what, ...rest] = line.split(' ')
    const round = Number(rest[0])
    if (what === 'm') this.main.add(round)
    else if (what === 'l') this.late.add(round)
    else if (what === 'g') this.gone.add(round)
    else if (what === 'deleting') this.deleting = [round, Number(rest[1])]
    else if (what === 'deleted') this.#delete()
    else if (what === 'snapping') this.#snapping = new Set(this.main)
    else if (what === 'snapped') this.snapshots.push({ name: rest[0], main: this.#snapping })
  }

  /** A deletion that was cut short is done, or is not, as the database says. */
  settle(isDeleted: boolean): void {
    if (isDeleted) this.#delete()
    this.deleting = undefined
  }

  #delete(): void {
    const [from, to] = this.deleting!
    for (let round = from; round <= to; round++) if (this.gone.delete(round)) this.deleted.add(round)
    this.deleting = undefined
  }
}

interface Found {
  readonly main: Set<number>[]
  readonly late: Set<number>
  readonly gone: Set<number>
  /** Newest round of all. */
  readonly last: number
}

test(`kill -9 at ${POINTS} points loses nothing acknowledged and needs no repair (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  const phases = new Map<string, number>()
  const startMs = systemClock.monotonicMs()
  let child = startChild()
  try {
    for (let point = 0; point < POINTS;) {
      const directory = await temporaryDirectory()
      const expected = new Expected()
      let nextRound = 0
      for (let at = 0; at < POINTS_PER_DIRECTORY && point < POINTS; at++, point++) {
        const [place, most] = PLACES[random.below(PLACES.length)]
        const killAt = 1 + random.below(most)
        const where = `point ${point}, killed at operation ${killAt} of ${place}`
        try {
          const phase = await runToDeath(child, `${directory.path} ${nextRound} ${place} ${killAt}`, expected)
          phases.set(phase, (phases.get(phase) ?? 0) + 1)
          // It starts while this process looks at what the last one has left.
          child = startChild()
          const found = await readAll(directory.path)
          compare(found, expected)
          await checkSnapshots(directory.path, expected)
          nextRound = found.last + 1
        } catch (error) {
          throw new Error(where, { cause: error })
        }
      }
      await directory.remove()
    }
  } finally {
    child.kill('SIGKILL')
  }
  const seconds = ((systemClock.monotonicMs() - startMs) / 1000).toFixed(0)
  const counts = [...phases].sort(([a], [b]) => (a < b ? -1 : 1)).map(([phase, count]) => `${phase} ${count}`)
  if (POINTS >= 25) console.log(`${POINTS} kill points in ${seconds} s, seed ${SEED}: ${counts.join(', ')}`)
})

function startChild(): Child {
  const script = new URL('points-child.ts', import.meta.url).pathname
  return spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Returns what the child was doing when it died. */
async function runToDeath(child: Child, order: string, expected: Expected): Promise<string> {
  const exited = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  child.stdin.write(`${order}\n`)
  let phase = ''
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('killed ')) phase = line.split(' ')[1]
    else expected.take(line)
  }
  assert.equal(await exited, 'SIGKILL', 'the child ended by itself')
  return phase
}

async function readAll(directory: string): Promise<Found> {
  const problems: string[] = []
  const warn = (fields: unknown, text?: string): void => void problems.push(`${text} ${JSON.stringify(fields)}`)
  const database = await openDatabase(nodeFileSystem, directory, { ...silentLogger, warn } as typeof silentLogger)
  const { signal } = new AbortController()
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  const found = {
    main: Array.from({ length: SERIES }, () => new Set<number>()),
    late: new Set<number>(),
    gone: new Set<number>(),
    last: -1,
  }
  const columns = new SampleColumns()
  for (const series of selection.series) {
    const label = (wanted: string): string => series.labels.find(([name]) => name === wanted)?.[1] ?? ''
    const name = label('__name__')
    const number = Number(label('series'))
    const rounds = name === 'crash' ? found.main[number] : name === 'late' ? found.late : found.gone
    series.read(columns)
    for (let at = 0; at < columns.count; at++) {
      const round = (columns.timesMs[at] - START_MS) / STEP_MS
      if (name === 'crash') assertSample(columns, at, round, number)
      else assert.equal(columns.values[at], singleValueOf(round), `${name} of round ${round}`)
      assert.ok(!rounds.has(round), `${name} of round ${round} is there twice`)
      rounds.add(round)
      found.last = Math.max(found.last, round)
    }
  }
  selection.release()
  // The end of a segment that was being written may be torn, and a block half-written or half-removed; anything else nobody did.
  const unexpected = problems.filter((problem) => !/"kind":"(torn|leftover)"/.test(problem))
  assert.deepEqual(unexpected, [])
  await database.close()
  return found
}

function compare(found: Found, expected: Expected): void {
  const oldest = found.last - RETAINED_ROUNDS
  for (const [series, rounds] of found.main.entries()) assertHolds(rounds, expected.main, oldest, `series ${series}`)
  const [first] = found.main
  for (const round of first)
    for (const [series, rounds] of found.main.entries())
      assert.ok(round < oldest || rounds.has(round), `round ${round} is there in part, without series ${series}`)
  assertHolds(found.late, expected.late, oldest, 'late')
  if (expected.deleting !== undefined) {
    const [from, to] = expected.deleting
    const inRange = [...expected.gone].filter((round) => round >= from && round <= to && round >= oldest)
    const left = inRange.filter((round) => found.gone.has(round)).length
    assert.ok(
      left === 0 || left === inRange.length,
      `a deletion is done in part: ${left} of ${inRange.length} are left`,
    )
    expected.settle(left === 0)
  }
  assertHolds(found.gone, expected.gone, oldest, 'gone')
  for (const round of found.gone) assert.ok(!expected.deleted.has(round), `round ${round} of gone is back`)
}

function assertHolds(found: ReadonlySet<number>, wanted: ReadonlySet<number>, oldest: number, what: string): void {
  for (const round of wanted) assert.ok(round < oldest || found.has(round), `round ${round} of ${what} is lost`)
}

/** A snapshot that was acknowledged is a database with all that was acknowledged before it. */
async function checkSnapshots(directory: string, expected: Expected): Promise<void> {
  for (const { name, main } of expected.snapshots.splice(0)) {
    const path = join(directory, 'snapshots', name)
    const found = await readAll(path)
    for (const rounds of found.main) assertHolds(rounds, main, found.last - RETAINED_ROUNDS, `snapshot ${name}`)
    await rm(path, { recursive: true })
  }
}
