import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockDirectory } from './block-directory.ts'
import type { BlockProblem } from './block-directory.ts'
import { BlockWriter } from './block-writer.ts'
import { FaultyFileSystem, seededRandom } from './testing/index.ts'

const DIRECTORY = '/data/blocks'

async function openDirectory(
  fileSystem: FaultyFileSystem,
): Promise<{ blocks: BlockDirectory; problems: BlockProblem[] }> {
  const problems: BlockProblem[] = []
  const blocks = await BlockDirectory.open({
    fileSystem,
    directory: DIRECTORY,
    onProblem: (problem) => problems.push(problem),
  })
  return { blocks, problems }
}

async function writeBlock(
  fileSystem: FaultyFileSystem,
  sections: Record<string, Uint8Array>,
  content: { minMs: number; maxMs: number; replaces?: string[] } = { minMs: 0, maxMs: 1 },
): Promise<string> {
  const writer = await BlockWriter.create({
    fileSystem,
    directory: DIRECTORY,
    nowMs: 1_700_000_000_000 + content.minMs,
  })
  for (const [name, bytes] of Object.entries(sections)) await writer.addSection(name, bytes)
  return writer.commit({ ...content, series: 7 })
}

test('gives back sections, ranges and what the writer said', async () => {
  const fileSystem = new FaultyFileSystem()
  const big = seededRandom(7).bytes(200_001)
  const id = await writeBlock(fileSystem, { index: Buffer.from('index'), chunks: big, empty: new Uint8Array(0) })
  const { blocks } = await openDirectory(fileSystem)
  const [block] = blocks.blocks
  assert.equal(block.id, id)
  assert.equal(block.meta.series, 7)
  assert.equal(block.meta.maxMs, 1)
  assert.deepEqual(Buffer.from(await block.section('index')).toString(), 'index')
  assert.deepEqual(Buffer.from(await block.section('chunks')), Buffer.from(big))
  assert.ok((await block.section('chunks')).buffer instanceof SharedArrayBuffer)
  assert.equal(await block.section('chunks'), await block.section('chunks'))
  assert.equal((await block.section('empty')).length, 0)
  for (const [start, end] of [
    [0, 1],
    [65_535, 65_537],
    [65_536, 131_072],
    [70_000, 70_000],
    [200_000, 200_001],
  ]) {
    assert.deepEqual(Buffer.from(await block.sectionRange('chunks', start, end)), Buffer.from(big.slice(start, end)))
  }
  await assert.rejects(block.sectionRange('chunks', 0, 200_002), RangeError)
  await assert.rejects(block.section('nothing'), /no section nothing/)
})

test('takes a section in parts of any size', async () => {
  const fileSystem = new FaultyFileSystem()
  const random = seededRandom(3)
  const parts = Array.from({ length: 40 }, () => random.bytes(random.below(9000)))
  const writer = await BlockWriter.create({ fileSystem, directory: DIRECTORY, nowMs: 1 })
  await writer.addSection('data', parts)
  await writer.commit({ minMs: 0, maxMs: 0 })
  const { blocks } = await openDirectory(fileSystem)
  assert.deepEqual(Buffer.from(await blocks.blocks[0].section('data')), Buffer.concat(parts))
})

test('notices every flipped bit', async () => {
  const random = seededRandom(11)
  for (let run = 0; run < 60; run++) {
    const fileSystem = new FaultyFileSystem()
    const id = await writeBlock(fileSystem, { a: random.bytes(70_000), b: random.bytes(17) })
    const file = run % 2 === 0 ? 'sections' : 'meta.json'
    const size = (await fileSystem.stat(`${DIRECTORY}/${id}/${file}`))!.sizeBytes
    const byte = random.below(size)
    fileSystem.flipBit(`${DIRECTORY}/${id}/${file}`, byte, random.below(8))
    const { blocks, problems } = await openDirectory(fileSystem).catch((error: Error) => {
      assert.match(error.message, /is newer than this program/)
      return { blocks: undefined, problems: [] }
    })
    if (!blocks || problems.length > 0) continue
    const read = await Promise.allSettled(['a', 'b'].map((name) => blocks.blocks[0].section(name)))
    const isPadding = file === 'sections' && isGap(blocks.blocks[0].meta.sections, byte)
    const isWhiteSpace = file === 'meta.json'
    const isNoticed = read.some((result) => result.status === 'rejected')
    assert.ok(isNoticed || isPadding || isWhiteSpace, `byte ${byte} of ${file}`)
  }
})

/** Whether a byte lies in the padding before or behind a section. */
function isGap(sections: readonly { offset: number; sizeBytes: number }[], byte: number): boolean {
  return !sections.some(({ offset, sizeBytes }) => {
    const table = Math.ceil((offset + sizeBytes) / 8) * 8
    const pages = Math.ceil(sizeBytes / 65_536)
    return (byte >= offset && byte < offset + sizeBytes) || (byte >= table && byte < table + 4 * pages)
  })
}

test('sets a corrupt block aside, reports it and keeps the others', async () => {
  const fileSystem = new FaultyFileSystem()
  const good = await writeBlock(fileSystem, { a: Buffer.from('good') })
  const bad = await writeBlock(fileSystem, { a: Buffer.from('bad') }, { minMs: 5, maxMs: 6 })
  const file = await fileSystem.open(`${DIRECTORY}/${bad}/sections`, 'append')
  await file.truncate(3)
  const { blocks, problems } = await openDirectory(fileSystem)
  assert.deepEqual(
    blocks.blocks.map((block) => block.id),
    [good],
  )
  assert.equal(problems[0].block, bad)
  assert.match(problems[0].message, /wrong length/)
  assert.deepEqual(await fileSystem.list(`${DIRECTORY}/corrupt`), [bad])
})

test('keeps the files of a removed block until its last reader lets go', async () => {
  const fileSystem = new FaultyFileSystem()
  const id = await writeBlock(fileSystem, { a: Buffer.from('still here') })
  const { blocks } = await openDirectory(fileSystem)
  const [block] = blocks.blocks
  block.acquire()
  const removal = blocks.remove([id])
  assert.equal(blocks.blocks.length, 0)
  assert.equal(Buffer.from(await block.section('a')).toString(), 'still here')
  assert.deepEqual(await fileSystem.list(DIRECTORY), [id])
  block.release()
  await removal
  assert.deepEqual(await fileSystem.list(DIRECTORY), [])
})

test('replaces blocks in one step, and finishes the job after a crash between', async () => {
  const fileSystem = new FaultyFileSystem()
  const first = await writeBlock(fileSystem, { a: Buffer.from('1') })
  const second = await writeBlock(fileSystem, { a: Buffer.from('2') }, { minMs: 2, maxMs: 3 })
  const merged = await writeBlock(
    fileSystem,
    { a: Buffer.from('12') },
    { minMs: 0, maxMs: 3, replaces: [first, second] },
  )
  const reopened = await openDirectory(fileSystem.crash('drop'))
  assert.deepEqual(
    reopened.blocks.blocks.map((block) => block.id),
    [merged],
  )
})

test('an aborted block leaves nothing', async () => {
  const fileSystem = new FaultyFileSystem()
  const writer = await BlockWriter.create({ fileSystem, directory: DIRECTORY, nowMs: 1 })
  fileSystem.capacityBytes = 10
  await assert.rejects(writer.addSection('a', Buffer.alloc(100)), /ENOSPC/)
  await writer.abort()
  assert.deepEqual(await fileSystem.list(DIRECTORY), [])
})
