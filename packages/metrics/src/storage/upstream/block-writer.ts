import { join } from 'node:path'
import { compareLabels } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { createUlid } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import type { SampleColumns } from '../../query/source.ts'
import { formatMeta, META_FILE } from './block-meta.ts'
import { encodeChunks } from './chunk-encoder.ts'
import { ChunkFileWriter, CHUNKS_DIRECTORY, XOR } from './chunk-files.ts'
import type { UpstreamChunkMeta } from './index-reader.ts'
import { INDEX_FILE } from './index-reader.ts'
import { encodeIndex } from './index-writer.ts'
import type { IndexedSeries } from './index-writer.ts'
import { emptyTombstones, TOMBSTONES_FILE } from './tombstones.ts'

/** What Prometheus leaves alone, and removes at its start. */
const TEMPORARY_SUFFIX = '.tmp-for-creation'

/** Writes one block of upstream's format, series by series, each once, in any order. */
export class UpstreamBlockWriter {
  readonly ulid: string
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #temporary: string
  readonly #chunks: ChunkFileWriter
  readonly #series: IndexedSeries[] = []
  #samples = 0
  #floats = 0
  #chunkCount = 0
  #minMs = Infinity
  #maxMs = -Infinity

  static async create(options: {
    readonly fileSystem: FileSystem
    readonly directory: string
    readonly nowMs: number
  }): Promise<UpstreamBlockWriter> {
    const writer = new UpstreamBlockWriter(options.fileSystem, options.directory, createUlid(options.nowMs))
    await options.fileSystem.makeDirectory(join(writer.#temporary, CHUNKS_DIRECTORY))
    return writer
  }

  private constructor(fileSystem: FileSystem, directory: string, ulid: string) {
    this.ulid = ulid
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#temporary = join(directory, ulid + TEMPORARY_SUFFIX)
    this.#chunks = new ChunkFileWriter(fileSystem, join(this.#temporary, CHUNKS_DIRECTORY))
  }

  get sampleCount(): number {
    return this.#samples
  }

  async add(labels: Labels, columns: SampleColumns): Promise<void> {
    if (columns.count === 0) return
    const chunks: UpstreamChunkMeta[] = []
    for (const { encoding, data, minMs, maxMs, sampleCount } of encodeChunks(columns)) {
      chunks.push({ minMs, maxMs, ref: await this.#chunks.add(encoding, data) })
      if (encoding === XOR) this.#floats += sampleCount
    }
    this.#series.push({ labels, chunks })
    this.#chunkCount += chunks.length
    this.#samples += columns.count
    this.#minMs = Math.min(this.#minMs, columns.timesMs[0])
    this.#maxMs = Math.max(this.#maxMs, columns.timesMs[columns.count - 1])
  }

  /** Makes the block appear. @returns its directory, or undefined when there was nothing to write */
  async commit(): Promise<string | undefined> {
    await this.#chunks.close()
    if (this.#series.length === 0) {
      await this.abort()
      return undefined
    }
    this.#series.sort((a, b) => compareLabels(a.labels, b.labels))
    await this.#write(INDEX_FILE, encodeIndex(this.#series))
    await this.#write(TOMBSTONES_FILE, [emptyTombstones()])
    await this.#write(META_FILE, [formatMeta(this.#meta())])
    await this.#fileSystem.syncDirectory(this.#temporary)
    const path = join(this.#directory, this.ulid)
    await this.#fileSystem.rename(this.#temporary, path)
    await this.#fileSystem.syncDirectory(this.#directory)
    return path
  }

  async abort(): Promise<void> {
    await this.#chunks.close()
    await this.#fileSystem.removeDirectory(this.#temporary)
  }

  #meta(): Parameters<typeof formatMeta>[0] {
    const histograms = this.#samples - this.#floats
    return {
      ulid: this.ulid,
      minTime: this.#minMs,
      maxTime: this.#maxMs + 1,
      stats: {
        numSamples: this.#samples,
        ...(this.#floats > 0 && { numFloatSamples: this.#floats }),
        ...(histograms > 0 && { numHistogramSamples: histograms }),
        numSeries: this.#series.length,
        numChunks: this.#chunkCount,
      },
      compaction: { level: 1, sources: [this.ulid] },
      version: 1,
    }
  }

  async #write(name: string, parts: Iterable<Uint8Array>): Promise<void> {
    const file = await this.#fileSystem.open(join(this.#temporary, name), 'create')
    try {
      for (const part of parts) await file.append([part])
      await file.sync()
    } finally {
      await file.close()
    }
  }
}
