import assert from 'node:assert/strict'
import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { labelsFromRecord } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { nodeFileSystem } from '@quartet/storage'
import { seededRandom } from '@quartet/storage/testing'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { SampleColumns } from '../../query/source.ts'
import { RandomHistograms } from '../../../test/support/random-histograms.ts'
import { listUpstreamBlocks } from './block-meta.ts'
import { readUpstreamBlock } from './block-reader.ts'
import { UpstreamBlockWriter } from './block-writer.ts'
import { UpstreamFormatError } from './format-error.ts'

const seed = Number(process.env['QUARTET_SEED'] ?? 20_261_123)

interface Kept {
  readonly labels: Labels
  readonly times: number[]
  readonly values: number[]
  readonly histograms: number
}

test(`a block comes back as it was written (seed ${seed})`, async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const written = await writeBlock(directory.path, 300)
  const [block] = await listUpstreamBlocks(nodeFileSystem, directory.path)
  assert.equal(block.meta.stats.numSeries, 300)
  const read = await readAll(directory.path)
  assert.deepEqual(read, written)
})

test('damage anywhere in a block is found', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  await writeBlock(directory.path, 20)
  const [block] = await listUpstreamBlocks(nodeFileSystem, directory.path)
  const random = seededRandom(seed)
  const whole = await readAll(directory.path)
  for (const name of ['index', 'chunks/000001', 'tombstones', 'meta.json']) {
    const path = join(block.path, name)
    const bytes = await nodeFileSystem.readFile(path)
    for (let round = 0; round < 25; round++) {
      const damaged = bytes.slice(0, random.below(4) === 0 ? random.below(bytes.length) : bytes.length)
      if (damaged.length === bytes.length) damaged[random.below(bytes.length)] ^= 1 << random.below(8)
      await writeFile(path, damaged)
      try {
        const read = await readAll(directory.path)
        // What fills a gap, or is not read, has no checksum.
        if (name !== 'meta.json') assert.deepEqual(read, whole)
      } catch (error) {
        assert.ok(error instanceof UpstreamFormatError, `${name}, round ${round}: ${String(error)}`)
      }
    }
    await writeFile(path, bytes)
  }
})

test('blocks that were merged into another, or not finished, are left out', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  await writeBlock(directory.path, 2)
  const [{ path, meta }] = await listUpstreamBlocks(nodeFileSystem, directory.path)
  const merged = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
  await cp(path, join(directory.path, merged), { recursive: true })
  const compaction = { level: 2, parents: [{ ulid: meta.ulid }] }
  await writeFile(join(directory.path, merged, 'meta.json'), JSON.stringify({ ...meta, ulid: merged, compaction }))
  await cp(path, `${path}.tmp-for-creation`, { recursive: true })
  const listed = await listUpstreamBlocks(nodeFileSystem, directory.path)
  assert.deepEqual(
    listed.map((block) => block.meta.ulid),
    [merged],
  )
  assert.equal((await readdir(directory.path)).length, 3)
})

async function writeBlock(directory: string, count: number): Promise<Kept[]> {
  const random = seededRandom(seed)
  const writer = await UpstreamBlockWriter.create({ fileSystem: nodeFileSystem, directory, nowMs: 1_700_000_000_000 })
  const kept: Kept[] = []
  for (let series = 0; series < count; series++) {
    const labels = labelsFromRecord({ __name__: `metric_${series % 7}`, Zone: `z${series % 3}`, id: `${series}` })
    const columns = randomColumns(random)
    await writer.add(labels, columns)
    kept.push(keep(labels, columns))
  }
  await writer.commit()
  return kept.sort((a, b) => order(a).localeCompare(order(b), 'en', { numeric: false }))
}

function order({ labels }: Kept): string {
  return JSON.stringify(labels)
}

async function readAll(directory: string): Promise<Kept[]> {
  const kept: Kept[] = []
  for (const block of await listUpstreamBlocks(nodeFileSystem, directory)) {
    for await (const { labels, columns } of readUpstreamBlock(nodeFileSystem, block)) kept.push(keep(labels, columns))
  }
  return kept.sort((a, b) => order(a).localeCompare(order(b), 'en', { numeric: false }))
}

function keep(labels: Labels, columns: SampleColumns): Kept {
  const indices = Array.from({ length: columns.count }, (_, at) => at)
  return {
    labels,
    times: indices.map((at) => columns.timesMs[at]),
    values: indices.map((at) => columns.histograms?.[at]?.count ?? columns.values[at]),
    histograms: indices.filter((at) => columns.histograms?.[at] !== undefined).length,
  }
}

function randomColumns(random: ReturnType<typeof seededRandom>): SampleColumns {
  const columns = new SampleColumns()
  const histograms = new RandomHistograms(random)
  const hasHistograms = random.below(4) === 0
  const count = 1 + random.below(300)
  columns.reserve(count)
  for (let at = 0; at < count; at++) {
    columns.timesMs[at] = 1_600_000_000_000 + at * 15_000
    columns.values[at] = random.below(1000) / 8
    if (hasHistograms && random.below(10) > 0) (columns.histograms ??= [])[at] = histograms.next()
  }
  columns.count = count
  return columns
}
