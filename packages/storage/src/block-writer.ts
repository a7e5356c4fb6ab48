import { dirname, join } from 'node:path'
import { align, encodeMeta, META_FILE, PAGE_BYTES, pageCount, SECTIONS_FILE, TEMPORARY_SUFFIX } from './block-format.ts'
import type { BlockContent, SectionMeta } from './block-format.ts'
import { crc32c } from './crc32c.ts'
import type { FileHandle, FileSystem } from './file-system.ts'
import { createUlid } from './ulid.ts'

export interface BlockWriterOptions {
  readonly fileSystem: FileSystem
  /** The directory that holds the blocks; the same as {@link BlockDirectory}'s. */
  readonly directory: string
  /** A ULID; by default a new one. */
  readonly id?: string
  readonly nowMs: number
}

/**
 * Writes one block under a temporary name; layout in docs/format/block.md. Only {@link commit} makes it a block, wholly or
 * not at all. When any call rejects, call {@link abort}: what is left is also removed at the next start.
 */
export class BlockWriter {
  readonly id: string
  readonly #options: BlockWriterOptions
  readonly #temporary: string
  readonly #file: FileHandle
  readonly #sections: SectionMeta[] = []
  #offset = 0
  #isOpen = true
  #isRenamed = false

  static async create(options: BlockWriterOptions): Promise<BlockWriter> {
    const id = options.id ?? createUlid(options.nowMs)
    const temporary = join(options.directory, id + TEMPORARY_SUFFIX)
    await options.fileSystem.makeDirectory(temporary)
    const file = await options.fileSystem.open(join(temporary, SECTIONS_FILE), 'create')
    return new BlockWriter(options, { id, temporary, file })
  }

  private constructor(options: BlockWriterOptions, made: { id: string; temporary: string; file: FileHandle }) {
    this.#options = options
    this.id = made.id
    this.#temporary = made.temporary
    this.#file = made.file
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#offset
  }

  /** Adds a section, given whole or in parts; a part may be reused once the next one is asked for. */
  async addSection(name: string, bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#sections.some((section) => section.name === name)) throw new Error(`section ${name} exists already`)
    await this.#pad()
    const offset = this.#offset
    const pages = new PageChecksums()
    for await (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
      pages.add(part)
      await this.#append(part)
    }
    const sizeBytes = this.#offset - offset
    await this.#pad()
    const checksums = pages.finish(sizeBytes)
    await this.#append(checksums)
    this.#sections.push({ name, offset, sizeBytes, checksum: crc32c(checksums) })
  }

  /**
   * Makes the block appear. Resolves with its id once it is durable.
   * To be read it must then be given to {@link BlockDirectory.add} or {@link BlockDirectory.replace}.
   */
  async commit(content: BlockContent): Promise<string> {
    const { fileSystem, directory, nowMs } = this.#options
    await this.#file.sync()
    await this.#close()
    const meta = await fileSystem.open(join(this.#temporary, META_FILE), 'create')
    try {
      await meta.append([encodeMeta(content, { id: this.id, createdMs: nowMs, sections: this.#sections })])
      await meta.sync()
    } finally {
      await meta.close()
    }
    await fileSystem.syncDirectory(this.#temporary)
    const final = join(directory, this.id)
    await fileSystem.rename(this.#temporary, final)
    this.#isRenamed = true
    await fileSystem.syncDirectory(dirname(final))
    return this.id
  }

  /** Removes what was written. Rejects only when the disk does. */
  async abort(): Promise<void> {
    const { fileSystem, directory } = this.#options
    await this.#close()
    // The last step of a commit may fail when the block has its name already, but perhaps not durably.
    if (this.#isRenamed) await fileSystem.rename(join(directory, this.id), this.#temporary)
    await fileSystem.removeDirectory(this.#temporary)
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#file.close()
  }

  async #pad(): Promise<void> {
    const gap = align(this.#offset) - this.#offset
    if (gap > 0) await this.#append(new Uint8Array(gap))
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.#file.append([bytes])
    this.#offset += bytes.length
  }
}

/** One checksum per page of a section that arrives in parts of any size. */
class PageChecksums {
  readonly #checksums: number[] = []
  #current = 0
  #filled = 0

  add(part: Uint8Array): void {
    let at = 0
    while (at < part.length) {
      const end = Math.min(part.length, at + PAGE_BYTES - this.#filled)
      this.#current = crc32c(part, at, end, this.#current)
      this.#filled += end - at
      at = end
      if (this.#filled === PAGE_BYTES) this.#endPage()
    }
  }

  finish(sizeBytes: number): Uint8Array {
    if (this.#filled > 0) this.#endPage()
    const table = new DataView(new ArrayBuffer(4 * pageCount(sizeBytes)))
    for (const [index, checksum] of this.#checksums.entries()) table.setUint32(4 * index, checksum, true)
    return new Uint8Array(table.buffer)
  }

  #endPage(): void {
    this.#checksums.push(this.#current)
    this.#current = 0
    this.#filled = 0
  }
}
