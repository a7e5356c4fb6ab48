import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyFileSystem } from './testing/index.ts'
import { Wal } from './wal.ts'
import type { WalOptions, WalProblem } from './wal.ts'

const DIRECTORY = '/data/wal'

interface Opened {
  wal: Wal
  records: string[]
  problems: WalProblem[]
}

async function openWal(fileSystem: FaultyFileSystem, options: Partial<WalOptions> = {}): Promise<Opened> {
  const problems: WalProblem[] = []
  const wal = await Wal.open({
    fileSystem,
    directory: DIRECTORY,
    every: () => ({ cancel() {} }),
    onProblem: (problem) => problems.push(problem),
    ...options,
  })
  const records: string[] = []
  await wal.replay((record) => records.push(Buffer.from(record).toString()))
  return { wal, records, problems }
}

test('replays what was appended, in order, over several segments', async () => {
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem, { segmentBytes: 300 })
  const expected = Array.from({ length: 50 }, (_, index) => `record ${index}`)
  for (const text of expected) await wal.append(Buffer.from(text))
  await wal.close()
  assert.ok((await fileSystem.list(DIRECTORY)).length > 3)
  const { records, problems } = await openWal(fileSystem)
  assert.deepEqual(records, expected)
  assert.deepEqual(problems, [])
})

test('writes appends that are made together with one operation and lets the caller reuse its buffer', async () => {
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem)
  await wal.append(Buffer.from('first'))
  const before = fileSystem.operations
  const buffer = Buffer.alloc(1)
  const pending: Promise<void>[] = []
  for (let index = 0; index < 10; index++) {
    buffer[0] = 0x30 + index
    pending.push(wal.append(buffer))
  }
  await Promise.all(pending)
  assert.equal(fileSystem.operations - before, 1)
  const { records } = await openWal(fileSystem.crash('keep'))
  assert.equal(records.join(' '), 'first 0 1 2 3 4 5 6 7 8 9')
})

test('goes on in the segment it finds and keeps its order', async () => {
  let fileSystem = new FaultyFileSystem()
  for (let run = 0; run < 3; run++) {
    const { wal, records } = await openWal(fileSystem)
    assert.equal(records.length, run)
    await wal.append(Buffer.from(`run ${run}`))
    fileSystem = fileSystem.crash('keep')
  }
  const { records } = await openWal(fileSystem)
  assert.deepEqual(records, ['run 0', 'run 1', 'run 2'])
  assert.deepEqual(await fileSystem.list(DIRECTORY), ['00000000.wal'])
})

test('cuts off a torn end, reports it and goes on behind the last intact record', async () => {
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem)
  await wal.append(Buffer.from('kept'))
  const size = wal.sizeBytes
  await wal.append(Buffer.from('this one will be torn'))
  const file = await fileSystem.open(`${DIRECTORY}/00000000.wal`, 'append')
  await file.truncate(size + 15)
  const second = await openWal(fileSystem.crash('keep'))
  assert.deepEqual(second.records, ['kept'])
  assert.deepEqual(
    second.problems.map(({ kind, segment, offset }) => ({ kind, segment, offset })),
    [{ kind: 'torn', segment: 0, offset: size }],
  )
  assert.equal(second.wal.sizeBytes, size)
})

test('skips a record with a flipped bit, keeps all others and says where it was', async () => {
  for (let byte = 0; byte < 90; byte++) {
    const fileSystem = new FaultyFileSystem({ seed: byte })
    const { wal } = await openWal(fileSystem)
    for (const text of ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc', 'dddddddddd']) await wal.append(Buffer.from(text))
    await wal.close()
    fileSystem.flipBit(`${DIRECTORY}/00000000.wal`, byte, byte % 8)
    const { records, problems } = await openWal(fileSystem)
    assert.ok(records.length >= 3, `byte ${byte}: ${records.join()}`)
    assert.equal(problems.length, 1)
    assert.equal(problems[0].segment, 0)
  }
})

test('does not take a frame inside of a damaged record for a record', async () => {
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem)
  await wal.append(Buffer.from('inner'))
  const inner = (await fileSystem.readFile(`${DIRECTORY}/00000000.wal`)).subarray(8)
  await wal.append(Buffer.concat([Buffer.from('outer'), inner, Buffer.alloc(30)]))
  await wal.append(Buffer.from('last'))
  await wal.close()
  fileSystem.flipBit(`${DIRECTORY}/00000000.wal`, 8 + 17 + 12, 0)
  const { records } = await openWal(fileSystem)
  assert.deepEqual(records, ['inner', 'last'])
})

test('refuses records while the disk is full and takes them again when there is room', async () => {
  const fileSystem = new FaultyFileSystem({ capacityBytes: 100 })
  const { wal, problems } = await openWal(fileSystem)
  await wal.append(Buffer.from('fits'))
  await assert.rejects(wal.append(Buffer.alloc(200, 'x')), { name: 'WalError', message: /ENOSPC/ })
  assert.equal(problems[0].kind, 'write')
  await wal.append(Buffer.from('small one fits'))
  fileSystem.capacityBytes = 1000
  await wal.append(Buffer.alloc(200, 'y'))
  const second = await openWal(fileSystem.crash('keep'))
  assert.deepEqual(second.records, ['fits', 'small one fits', 'y'.repeat(200)])
  assert.deepEqual(second.problems, [])
})

test('goes on in a new segment when a partial write cannot be cut off', async () => {
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem)
  await wal.append(Buffer.from('before'))
  fileSystem.fault = (operation) => (operation === 'append' || operation === 'truncate' ? 'EIO' : undefined)
  await assert.rejects(wal.append(Buffer.from('refused')), { name: 'WalError', message: /EIO/ })
  await assert.rejects(wal.append(Buffer.from('refused too')), { name: 'WalError' })
  fileSystem.fault = undefined
  await wal.append(Buffer.from('after'))
  const { records } = await openWal(fileSystem.crash('keep'))
  assert.deepEqual(
    records.filter((text) => !text.startsWith('refused')),
    ['before', 'after'],
  )
})

test('refuses records after a failed fsync until a new segment passes one', async () => {
  let syncNow = (): void => {}
  const fileSystem = new FaultyFileSystem()
  const { wal, problems } = await openWal(fileSystem, {
    every(_, f) {
      syncNow = f
      return { cancel() {} }
    },
  })
  await wal.append(Buffer.from('before'))
  fileSystem.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined)
  syncNow()
  await assert.rejects(wal.append(Buffer.from('refused')), { name: 'WalError', message: /EIO/ })
  assert.equal(problems[0].kind, 'sync')
  fileSystem.fault = undefined
  await wal.append(Buffer.from('after'))
  assert.equal(wal.segment, 1)
})

test('with `interval`, a sync makes everything before it survive a power cut', async () => {
  let syncNow = (): void => {}
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem, {
    every(_, f) {
      syncNow = f
      return { cancel() {} }
    },
  })
  await wal.append(Buffer.from('synced'))
  syncNow()
  await wal.cut()
  await wal.append(Buffer.from('not yet'))
  const { records } = await openWal(fileSystem.crash('drop'))
  assert.deepEqual(records, ['synced'])
})

test('removes old segments after a cut', async () => {
  const fileSystem = new FaultyFileSystem()
  const { wal } = await openWal(fileSystem)
  await wal.append(Buffer.from('old'))
  const cut = wal.cut()
  const after = wal.append(Buffer.from('new'))
  assert.equal(await cut, 1)
  await after
  await wal.removeBefore(1)
  assert.deepEqual(await fileSystem.list(DIRECTORY), ['00000001.wal'])
  const { records } = await openWal(fileSystem.crash('keep'))
  assert.deepEqual(records, ['new'])
})

test('refuses empty records, appends before replay and appends after close', async () => {
  const fileSystem = new FaultyFileSystem()
  const wal = await Wal.open({ fileSystem, directory: DIRECTORY, onProblem: () => assert.fail() })
  await assert.rejects(wal.append(Buffer.from('early')), /replay/)
  await wal.replay(() => assert.fail())
  await assert.rejects(wal.append(new Uint8Array(0)), RangeError)
  await wal.close()
  await assert.rejects(wal.append(Buffer.from('late')), /closed/)
})
