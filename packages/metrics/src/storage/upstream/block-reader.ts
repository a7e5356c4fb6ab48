import { join } from 'node:path'
import type { Labels } from '@quartet/model'
import type { FileSystem } from '@quartet/storage'
import { SampleColumns } from '../../query/source.ts'
import type { UpstreamBlock } from './block-meta.ts'
import { CHUNKS_DIRECTORY, ChunkFiles } from './chunk-files.ts'
import { INDEX_FILE, UpstreamIndex } from './index-reader.ts'
import { decodeTombstones, dropDeleted, TOMBSTONES_FILE } from './tombstones.ts'
import type { Tombstones } from './tombstones.ts'

/** A series on its way through: `columns` are valid until the next one is asked for. */
export interface StreamedSeries {
  readonly labels: Labels
  readonly columns: SampleColumns
}

/**
 * The series of an upstream block, sorted by labels, without what its tombstones say was deleted. Reads one after the other: memory is
 * that of the index and of one series.
 * @throws UpstreamFormatError at the first thing that is damaged
 */
export async function* readUpstreamBlock(fileSystem: FileSystem, block: UpstreamBlock): AsyncGenerator<StreamedSeries> {
  const indexPath = join(block.path, INDEX_FILE)
  const index = new UpstreamIndex(await fileSystem.readFile(indexPath), indexPath)
  const tombstones = await readTombstones(fileSystem, block.path)
  const files = await ChunkFiles.open(fileSystem, join(block.path, CHUNKS_DIRECTORY))
  const columns = new SampleColumns()
  try {
    for (const { ref, labels, chunks } of index.series()) {
      columns.count = 0
      columns.histograms = undefined
      for (const chunk of chunks) await files.read(chunk.ref, columns)
      const deleted = tombstones.get(ref)
      if (deleted) dropDeleted(columns, deleted)
      if (columns.count > 0) yield { labels, columns }
    }
  } finally {
    await files.close()
  }
}

async function readTombstones(fileSystem: FileSystem, directory: string): Promise<Tombstones> {
  const path = join(directory, TOMBSTONES_FILE)
  if (!(await fileSystem.stat(path))) return new Map()
  return decodeTombstones(await fileSystem.readFile(path), path)
}
