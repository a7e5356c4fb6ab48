import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockDirectory, BlockWriter, createUlid, directorySnapshots, verifyData, Wal } from '@quartet/storage'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { CrashMode, Random } from '@quartet/storage/testing'

const RUNS = 150
const DIRECTORY = '/data/store'
const MODES: readonly CrashMode[] = ['keep', 'drop', 'scramble']

/** The least engine that has what all have: a WAL, a head, blocks that take the WAL's place. */
class Engine {
  readonly acknowledged: number[] = []
  readonly #fileSystem: FaultyFileSystem
  readonly #directory: string
  readonly #wal: Wal
  readonly #blocks: BlockDirectory
  #head: number[] = []

  static async open(fileSystem: FaultyFileSystem, directory: string, problems: string[] = []): Promise<Engine> {
    const onProblem = ({ kind }: { kind: string }): void => void problems.push(kind)
    const blocks = await BlockDirectory.open({ fileSystem, directory: `${directory}/blocks`, onProblem })
    const wal = await Wal.open({
      fileSystem,
      directory: `${directory}/wal`,
      sync: 'always',
      segmentBytes: 300,
      onProblem,
    })
    const covered = Math.max(-1, ...blocks.blocks.map(({ meta }) => Number(meta['walEnd'])))
    if (covered >= 0) await wal.removeBefore(covered)
    const engine = new Engine(fileSystem, directory, wal, blocks)
    await wal.replay((record) => engine.#head.push(Buffer.from(record).readUInt32LE()))
    return engine
  }

  private constructor(fileSystem: FaultyFileSystem, directory: string, wal: Wal, blocks: BlockDirectory) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#wal = wal
    this.#blocks = blocks
  }

  async append(number: number): Promise<void> {
    const record = Buffer.alloc(20)
    record.writeUInt32LE(number)
    await this.#wal.append(record)
    this.#head.push(number)
    this.acknowledged.push(number)
  }

  /** Only ever called between appends: the head then holds exactly the records in front of the cut. */
  async flush(nowMs: number): Promise<void> {
    const head = this.#head
    if (head.length === 0) return
    const walEnd = await this.#wal.cut()
    const id = await this.#write(head, nowMs, { walEnd })
    await this.#blocks.add(id)
    this.#head = []
    await this.#wal.removeBefore(walEnd)
  }

  async merge(nowMs: number): Promise<void> {
    const old = this.#blocks.blocks.slice(0, 2)
    if (old.length < 2) return
    const ids = old.map(({ id }) => id)
    const walEnd = Math.max(...old.map(({ meta }) => Number(meta['walEnd'])))
    const numbers = (await Promise.all(old.map((block) => numbersOf(block)))).flat()
    await this.#blocks.replace([await this.#write(numbers, nowMs, { walEnd, replaces: ids })], ids)
  }

  async contents(): Promise<number[]> {
    const inBlocks = await Promise.all(this.#blocks.blocks.map((block) => numbersOf(block)))
    return [...inBlocks.flat(), ...this.#head].sort((a, b) => a - b)
  }

  async #write(numbers: readonly number[], nowMs: number, content: Record<string, unknown>): Promise<string> {
    const directory = `${this.#directory}/blocks`
    const writer = await BlockWriter.create({ fileSystem: this.#fileSystem, directory, nowMs })
    await writer.addSection('numbers', new Uint8Array(Uint32Array.from(numbers).buffer))
    return writer.commit({ minMs: numbers[0]!, maxMs: numbers.at(-1)!, ...content })
  }
}

async function numbersOf(block: BlockDirectory['blocks'][number]): Promise<number[]> {
  return [...new Uint32Array((await block.section('numbers')).slice().buffer)]
}

interface Taken {
  readonly id: string
  /** What was acknowledged before the snapshot was asked for. */
  readonly acknowledged: number
  isReported: boolean
}

/** Writes, cuts and merges, with snapshots at the same time, until the disk dies. */
async function work(fileSystem: FaultyFileSystem, random: Random, snapshots: Taken[]): Promise<readonly number[]> {
  const acknowledged: number[] = []
  try {
    const engine = await Engine.open(fileSystem, DIRECTORY)
    const source = directorySnapshots({ fileSystem, directory: DIRECTORY })
    for (let number = 0, round = 1; round < 25; round++) {
      const kind = random.below(4)
      const taking = kind === 0 ? take(source, snapshots, acknowledged.length, round) : undefined
      for (let count = random.below(12); count > 0; count--) {
        await engine.append(number)
        acknowledged.push(number++)
      }
      if (random.below(3) === 0) await engine.flush(round)
      if (random.below(5) === 0) await engine.merge(round)
      await taking
    }
  } catch (error) {
    if (!/injected/.test(error instanceof Error ? error.message : '')) throw error
  }
  return acknowledged
}

function take(
  source: ReturnType<typeof directorySnapshots>,
  snapshots: Taken[],
  acknowledged: number,
  nowMs: number,
): Promise<void> {
  const taken: Taken = { id: createUlid(nowMs), acknowledged, isReported: false }
  snapshots.push(taken)
  const made = source.create(taken.id).then(() => {
    taken.isReported = true
  })
  made.catch(() => undefined) // it is awaited at the end of the round
  return made
}

test('a crash at any operation leaves the source unharmed and a snapshot whole or absent', async () => {
  let whole = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      whole += await crash(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(whole > RUNS / 2, `only ${whole} snapshots were whole: the test proves too little`)
})

async function crash(seed: number): Promise<number> {
  const random = seededRandom(seed)
  const fileSystem = new FaultyFileSystem({ seed })
  fileSystem.crashAtOperation = random.below(4) === 0 ? Infinity : random.below(1500)
  const snapshots: Taken[] = []
  const acknowledged = await work(fileSystem, random, snapshots)
  const survivor = fileSystem.crash(MODES[seed % 3]!)

  let whole = 0
  for (const { id, acknowledged: count, isReported } of snapshots) {
    const directory = `${DIRECTORY}/snapshots/${id}`
    if (!(await survivor.stat(directory))) {
      assert.ok(!isReported, 'a snapshot that was reported is gone')
      continue
    }
    whole++
    const report = await verifyData(survivor, directory)
    assert.deepEqual(
      report.problems.filter(({ severity }) => severity === 'error'),
      [],
    )
    // It is opened and written to, as somebody may who points a system at it.
    const engine = await Engine.open(survivor, directory)
    const found = await engine.contents()
    assert.deepEqual(found, [...found.keys()], 'it holds everything up to one record, and nothing twice')
    assert.ok(found.length >= count, `it holds ${found.length} records, ${count} were acknowledged before`)
    await engine.append(1_000_000)
    await engine.flush(100)
  }

  const source = directorySnapshots({ fileSystem: survivor, directory: DIRECTORY })
  await source.removeLeftovers()
  assert.deepEqual(await survivor.list(`${DIRECTORY}/snapshots`), [])
  const problems: string[] = []
  const found = await (await Engine.open(survivor, DIRECTORY, problems)).contents()
  assert.ok(!problems.includes('corrupt') && !problems.includes('gap'), problems.join())
  assert.deepEqual(found, [...found.keys()])
  assert.ok(found.length >= acknowledged.length, `${acknowledged.length} acknowledged, ${found.length} found`)
  return whole
}

test('a full or failing disk refuses the snapshot, leaves nothing of it and goes on', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed)
    const fileSystem = new FaultyFileSystem({ seed })
    const engine = await Engine.open(fileSystem, DIRECTORY)
    for (let number = 0; number < 30; number++) await engine.append(number)
    await engine.flush(1)
    for (let number = 30; number < 40; number++) await engine.append(number)
    const source = directorySnapshots({ fileSystem, directory: DIRECTORY })
    let operation = 0
    const failAt = random.below(40)
    fileSystem.fault = (kind) => {
      if (kind === 'read' || kind === 'remove') return undefined
      return operation++ === failAt ? (random.below(2) ? 'EIO' : 'ENOSPC') : undefined
    }
    const failed = await source.create(createUlid(2)).then(
      () => false,
      () => true,
    )
    fileSystem.fault = undefined
    const left = await fileSystem.list(`${DIRECTORY}/snapshots`)
    assert.ok(!failed || left.every((name) => !name.endsWith('.tmp')), `seed ${seed}: left ${left.join()}`)
    const again = await source.create(createUlid(3))
    assert.deepEqual((await (await Engine.open(fileSystem, again)).contents()).length, 40, `seed ${seed}`)
    assert.equal((await engine.contents()).length, 40, `seed ${seed}`)
  }
})
