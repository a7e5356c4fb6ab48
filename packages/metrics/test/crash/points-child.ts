import { once } from 'node:events'
import { createMatcher } from '@quartet/query'
import { nodeFileSystem } from '@quartet/storage'
import type { FileHandle, FileSystem } from '@quartet/storage'
import { lateRoundOf, openDatabase, sampleOf } from './points-workload.ts'
import { requestOf, START_MS, STEP_MS } from './workload.ts'

/**
 * Waits for `directory firstRound killIn killAt` on standard input, then writes, cuts, merges, expires, deletes, cleans and takes snapshots and
 * says of each what it begins and what has been acknowledged, until it kills itself at file operation number `killAt`: before it,
 * or within it when it is an append, which then leaves a part of its bytes. It ends no other way.
 */
const [start] = (await once(process.stdin, 'data')) as [Buffer]
process.stdin.destroy()
const [directory, firstRound, killIn, killAt] = start.toString().trim().split(' ')
/** All operations together, if the one that was asked for does not come. */
const MAX_OPERATIONS = 400

let phase = 'open'
let operations = 0
let inPhase = 0

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function isNext(): boolean {
  return (inPhase + 1 >= Number(killAt) && (killIn === phase || killIn === 'any')) || operations + 1 >= MAX_OPERATIONS
}

/** Kills this process if its time has come. */
function operate(name: string, path: string): void {
  if (isNext()) die(name, path)
  operations++
  if (killIn === phase || killIn === 'any') inPhase++
}

function die(name: string, path: string): void {
  say(`killed ${phase} ${name} ${path.slice(directory.length + 1)}`)
  process.kill(process.pid, 'SIGKILL')
}

function dyingHandle(handle: FileHandle): FileHandle {
  const { path } = handle
  return {
    path,
    sizeBytes: () => handle.sizeBytes(),
    readAt: (target, offset) => handle.readAt(target, offset),
    async append(parts) {
      if (isNext()) {
        const bytes = Buffer.concat(parts)
        await handle.append([bytes.subarray(0, ((operations + 1) * 7919) % (bytes.length + 1))])
        die('append', path)
      }
      operate('append', path)
      await handle.append(parts)
    },
    truncate: (size) => (operate('truncate', path), handle.truncate(size)),
    sync: () => (operate('sync', path), handle.sync()),
    close: () => handle.close(),
  }
}

const dying: FileSystem = {
  ...nodeFileSystem,
  readFile: (path) => nodeFileSystem.readFile(path),
  list: (path) => nodeFileSystem.list(path),
  stat: (path) => nodeFileSystem.stat(path),
  async open(path, mode) {
    if (mode !== 'read') operate('open', path)
    return dyingHandle(await nodeFileSystem.open(path, mode))
  },
  makeDirectory: (path) => (operate('makeDirectory', path), nodeFileSystem.makeDirectory(path)),
  rename: (from, to) => (operate('rename', from), nodeFileSystem.rename(from, to)),
  link: (from, to) => (operate('link', to), nodeFileSystem.link(from, to)),
  removeFile: (path) => (operate('removeFile', path), nodeFileSystem.removeFile(path)),
  removeDirectory: (path) => (operate('removeDirectory', path), nodeFileSystem.removeDirectory(path)),
  syncDirectory: (path) => (operate('syncDirectory', path), nodeFileSystem.syncDirectory(path)),
}

const database = await openDatabase(dying, directory)

async function write(name: 'm' | 'l' | 'g', round: number, body: Uint8Array): Promise<void> {
  const report = await database.appendRemoteWrite(body)
  if (report.problem !== undefined) throw new Error(`${name} ${round}: ${report.problem}`)
  say(`${name} ${round}`)
}

const CYCLE = ['maintain', 'delete', 'maintain', 'snapshot', 'maintain', 'clean'] as const
/** What the kill is to meet comes first; only a deletion gives the cleaning work. */
const FIRST: Readonly<Record<string, readonly (typeof CYCLE)[number][]>> = {
  delete: ['delete'],
  clean: ['delete', 'clean'],
  snapshot: ['snapshot'],
}

/** One thing after the other, beside the writes. */
async function operator(round: number, turn: number): Promise<void> {
  const first = FIRST[killIn] ?? []
  const work = first[turn] ?? CYCLE[(turn - first.length) % CYCLE.length]
  phase = work
  if (work === 'maintain') await database.maintain()
  else if (work === 'clean') await database.cleanTombstones()
  else if (work === 'delete') {
    // Of the head alone, or of blocks, too.
    const [from, to] = [round - (killIn === 'clean' || turn % 2 === 0 ? 300 : 70), round - 25]
    const matchers = [createMatcher('__name__', '=', 'gone')]
    say(`deleting ${from} ${to}`)
    await database.deleteSeries({ matchers, minMs: START_MS + from * STEP_MS, maxMs: START_MS + to * STEP_MS })
    say(`deleted ${from} ${to}`)
  } else {
    const name = `round-${round}`
    say(`snapping ${name}`)
    await database.snapshot(name, { skipHead: false })
    say(`snapped ${name}`)
  }
  phase = 'append'
}

phase = 'append'
let operating: Promise<void> | undefined
let turn = 0
let batches = 0
for (let round = Number(firstRound); ; round += 4) {
  const rounds = [round, round + 1, round + 2, round + 3]
  await Promise.all(
    rounds.flatMap((one) => [
      write('m', one, requestOf(one)),
      write('l', lateRoundOf(one), sampleOf('late', lateRoundOf(one))),
      write('g', one, sampleOf('gone', one)),
    ]),
  )
  if (batches++ % 6 === 0) operating ??= operator(round, turn++).finally(() => (operating = undefined))
}
