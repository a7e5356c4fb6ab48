import { join } from 'node:path'
import { crc32c } from '@quartet/storage'
import type { FileHandle, FileSystem } from '@quartet/storage'
import type { SampleColumns } from '../../query/source.ts'
import { ByteBuilder } from './byte-builder.ts'
import { UpstreamFormatError } from './format-error.ts'
import { decodeHistogramChunk } from './histogram-chunk.ts'
import { decodeXorChunk } from './xor-chunk.ts'

export const CHUNKS_DIRECTORY = 'chunks'
const MAGIC = 0x85bd40dd
const VERSION = 1
const HEADER_BYTES = 8
const TWO_32 = 2 ** 32
/** Read and written at once. */
const BUFFER_BYTES = 1 << 20
/** Upstream's limit for a file. */
const MAX_FILE_BYTES = 512 << 20

/** Encodings of a chunk. Source: tsdb/chunkenc/chunk.go. */
export const XOR = 1
export const HISTOGRAM = 2
export const FLOAT_HISTOGRAM = 3

/** @throws UpstreamFormatError */
export function decodeChunk(encoding: number, data: Uint8Array, into: SampleColumns): void {
  if (encoding === XOR) decodeXorChunk(data, into)
  else if (encoding === HISTOGRAM) decodeHistogramChunk(data, false, into)
  else if (encoding === FLOAT_HISTOGRAM) decodeHistogramChunk(data, true, into)
  else throw new UpstreamFormatError(`unknown chunk encoding ${encoding}`)
}

/** The files below `chunks/`. Reads ahead: quickest in the order in which the chunks were written. */
export class ChunkFiles {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #names: readonly string[]
  readonly #files: (FileHandle | undefined)[]
  #buffer = new Uint8Array(BUFFER_BYTES)
  /** What the buffer holds: the file, and the bytes [start, end) of it. */
  #file = -1
  #start = 0
  #end = 0

  static async open(fileSystem: FileSystem, directory: string): Promise<ChunkFiles> {
    const names = (await fileSystem.list(directory)).filter((name) => /^\d+$/.test(name)).sort()
    return new ChunkFiles(fileSystem, directory, names)
  }

  private constructor(fileSystem: FileSystem, directory: string, names: readonly string[]) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#names = names
    this.#files = names.map(() => undefined)
  }

  /**
   * Appends the samples of a chunk to the columns.
   * @throws UpstreamFormatError when it is damaged
   */
  async read(ref: number, into: SampleColumns): Promise<void> {
    const file = Math.floor(ref / TWO_32)
    const offset = ref % TWO_32
    const at = join(this.#directory, this.#names[file] ?? String(file + 1))
    try {
      // Ten bytes of length at most, and the encoding.
      let place = await this.#load(file, offset, 11, 6)
      let size = 0
      for (let scale = 1, byte = 128; byte >= 128; scale *= 128) {
        byte = this.#buffer[place++]
        size += (byte & 127) * scale
      }
      const headBytes = place - (offset - this.#start)
      place = (await this.#load(file, offset, headBytes + 1 + size + 4)) + headBytes
      const end = place + 1 + size
      const checksum = new DataView(this.#buffer.buffer).getUint32(end)
      if (crc32c(this.#buffer, place, end) !== checksum) throw new UpstreamFormatError('wrong checksum')
      decodeChunk(this.#buffer[place], this.#buffer.subarray(place + 1, end), into)
    } catch (error) {
      if (!(error instanceof UpstreamFormatError)) throw error
      throw new UpstreamFormatError(`${at}: chunk at byte ${offset}: ${error.message}`, { cause: error })
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file?.close()))
  }

  /** Brings the bytes from `offset` into the buffer; at least `needed` must be there. @returns where they are in the buffer */
  async #load(file: number, offset: number, wanted: number, needed = wanted): Promise<number> {
    if (file === this.#file && offset >= this.#start && offset + wanted <= this.#end) return offset - this.#start
    if (file >= this.#names.length) throw new UpstreamFormatError('no such file')
    const handle = await this.#open(file)
    if (wanted > this.#buffer.length) {
      if (offset + wanted > (await handle.sizeBytes())) throw new UpstreamFormatError('does not fit into the file')
      this.#buffer = new Uint8Array(2 * wanted)
    }
    const count = await handle.readAt(this.#buffer, offset)
    this.#file = file
    this.#start = offset
    this.#end = offset + count
    if (count < needed) throw new UpstreamFormatError('does not fit into the file')
    return 0
  }

  async #open(file: number): Promise<FileHandle> {
    const known = this.#files[file]
    if (known) return known
    const path = join(this.#directory, this.#names[file])
    const handle = await this.#fileSystem.open(path, 'read')
    this.#files[file] = handle
    const header = new Uint8Array(HEADER_BYTES)
    const count = await handle.readAt(header, 0)
    const view = new DataView(header.buffer)
    if (count < HEADER_BYTES || view.getUint32(0) !== MAGIC) throw new UpstreamFormatError('wrong magic number')
    if (header[4] !== VERSION) throw new UpstreamFormatError(`unknown chunk file version ${header[4]}`)
    return handle
  }
}

/** Writes the files below `chunks/`. */
export class ChunkFileWriter {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #maxFileBytes: number
  readonly #pending = new ByteBuilder()
  #file: FileHandle | undefined
  #number = -1
  /** Of the file that is written, with what is pending. */
  #size = 0

  constructor(fileSystem: FileSystem, directory: string, maxFileBytes = MAX_FILE_BYTES) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#maxFileBytes = maxFileBytes
  }

  /** @returns the chunk's reference */
  async add(encoding: number, data: Uint8Array): Promise<number> {
    const largest = 10 + 1 + data.length + 4
    if (this.#file === undefined || this.#size + largest > this.#maxFileBytes) await this.#next()
    const ref = this.#number * TWO_32 + this.#size
    const before = this.#pending.length
    this.#pending.uvarint(data.length)
    const start = this.#pending.length
    this.#pending.uint8(encoding).raw(data)
    this.#pending.uint32(crc32c(this.#pending.view(start)))
    this.#size += this.#pending.length - before
    if (this.#pending.length >= BUFFER_BYTES) await this.#flush()
    return ref
  }

  async close(): Promise<void> {
    if (this.#file === undefined) return
    await this.#flush()
    await this.#file.sync()
    await this.#file.close()
    this.#file = undefined
  }

  async #next(): Promise<void> {
    await this.close()
    this.#number++
    const name = String(this.#number + 1).padStart(6, '0')
    this.#file = await this.#fileSystem.open(join(this.#directory, name), 'create')
    this.#pending.uint32(MAGIC).uint8(VERSION).uint8(0).uint8(0).uint8(0)
    this.#size = HEADER_BYTES
  }

  async #flush(): Promise<void> {
    await this.#file!.append([this.#pending.view()])
    this.#pending.reset()
  }
}
