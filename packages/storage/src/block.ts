import { join } from 'node:path'
import {
  checksumsOffset,
  CorruptBlockError,
  decodeMeta,
  META_FILE,
  PAGE_BYTES,
  pageCount,
  SECTIONS_FILE,
} from './block-format.ts'
import type { BlockMeta, SectionMeta } from './block-format.ts'
import { crc32c } from './crc32c.ts'
import type { FileHandle, FileSystem } from './file-system.ts'
import { SectionCache } from './section-cache.ts'

/**
 * One immutable block. Whoever reads from it over an `await` holds it with {@link acquire} and lets go with
 * {@link release}: a removed block keeps its files until then.
 */
export class Block {
  readonly id: string
  readonly meta: BlockMeta
  readonly sizeBytes: number
  readonly path: string
  readonly #cache: SectionCache
  readonly #file: FileHandle
  readonly #sections = new Map<string, SectionMeta>()
  readonly #checksums = new Map<string, DataView>()
  readonly #loading = new Map<string, Promise<Uint8Array<SharedArrayBuffer>>>()
  #users = 0
  #onIdle: (() => void) | undefined

  /** @throws CorruptBlockError when meta.json or the sections file's length is wrong */
  static async open(fileSystem: FileSystem, path: string, cache = new SectionCache(16 << 20)): Promise<Block> {
    const metaPath = join(path, META_FILE)
    if (!(await fileSystem.stat(metaPath))) throw new CorruptBlockError(`${metaPath}: missing`)
    const metaBytes = await fileSystem.readFile(metaPath)
    const meta = decodeMeta(metaBytes, metaPath)
    const sectionsPath = join(path, SECTIONS_FILE)
    const sizeBytes = (await fileSystem.stat(sectionsPath))?.sizeBytes ?? -1
    const last = meta.sections.at(-1)
    if (sizeBytes !== (last ? checksumsOffset(last) + 4 * pageCount(last.sizeBytes) : 0)) {
      throw new CorruptBlockError(`${sectionsPath}: wrong length`)
    }
    const file = await fileSystem.open(sectionsPath, 'read')
    return new Block(path, meta, file, { sizeBytes: sizeBytes + metaBytes.length, cache })
  }

  private constructor(
    path: string,
    meta: BlockMeta,
    file: FileHandle,
    options: { sizeBytes: number; cache: SectionCache },
  ) {
    this.id = meta.id
    this.meta = meta
    this.path = path
    this.sizeBytes = options.sizeBytes
    this.#cache = options.cache
    this.#file = file
    for (const section of meta.sections) this.#sections.set(section.name, section)
  }

  hasSection(name: string): boolean {
    return this.#sections.has(name)
  }

  sectionSize(name: string): number {
    return this.#section(name).sizeBytes
  }

  /**
   * A whole section, verified when it is read and then cached within the directory's budget. In shared memory: hand it to
   * worker threads without a copy, and never change it.
   * @throws CorruptBlockError
   */
  async section(name: string): Promise<Uint8Array<SharedArrayBuffer>> {
    const key = `${this.id}/${name}`
    const cached = this.#cache.get(key) ?? this.#loading.get(name)
    if (cached) return cached
    const loading = this.sectionRange(name, 0, this.#section(name).sizeBytes)
    this.#loading.set(name, loading)
    try {
      const bytes = await loading
      this.#cache.set(key, bytes)
      return bytes
    } finally {
      this.#loading.delete(name)
    }
  }

  /**
   * The bytes [start, end) of a section, verified, owned by the caller. Reads whole pages of 64 KiB around them.
   * @throws CorruptBlockError
   */
  async sectionRange(name: string, start: number, end: number): Promise<Uint8Array<SharedArrayBuffer>> {
    const section = this.#section(name)
    if (!(start >= 0 && start <= end && end <= section.sizeBytes)) {
      throw new RangeError(`range ${start} to ${end} is outside of section ${name} of ${section.sizeBytes} bytes`)
    }
    if (start === end) return new Uint8Array(new SharedArrayBuffer(0))
    const checksums = await this.#loadChecksums(section)
    const firstPage = Math.floor(start / PAGE_BYTES)
    const from = firstPage * PAGE_BYTES
    const to = Math.min(section.sizeBytes, pageCount(end) * PAGE_BYTES)
    const bytes = new Uint8Array(new SharedArrayBuffer(to - from))
    await this.#read(bytes, section.offset + from, name)
    for (let at = 0, page = firstPage; at < bytes.length; at += PAGE_BYTES, page++) {
      const actual = crc32c(bytes, at, Math.min(bytes.length, at + PAGE_BYTES))
      if (actual !== checksums.getUint32(4 * page, true)) {
        throw new CorruptBlockError(`block ${this.id}: section ${name}: wrong checksum at byte ${from + at}`)
      }
    }
    return bytes.subarray(start - from, end - from)
  }

  acquire(): void {
    this.#users++
  }

  release(): void {
    this.#users--
    if (this.#users < 0) throw new Error(`block ${this.id} was released more often than acquired`)
    if (this.#users === 0) this.#onIdle?.()
  }

  /** Closes the file once nobody uses the block. */
  async close(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    this.#cache.dropPrefix(`${this.id}/`)
    await this.#file.close()
  }

  #section(name: string): SectionMeta {
    const section = this.#sections.get(name)
    if (!section) throw new CorruptBlockError(`block ${this.id}: no section ${name}`)
    return section
  }

  async #loadChecksums(section: SectionMeta): Promise<DataView> {
    let checksums = this.#checksums.get(section.name)
    if (!checksums) {
      const bytes = new Uint8Array(4 * pageCount(section.sizeBytes))
      await this.#read(bytes, checksumsOffset(section), section.name)
      if (crc32c(bytes) !== section.checksum) {
        throw new CorruptBlockError(`block ${this.id}: section ${section.name}: wrong checksum of the checksums`)
      }
      checksums = new DataView(bytes.buffer)
      this.#checksums.set(section.name, checksums)
    }
    return checksums
  }

  async #read(target: Uint8Array, offset: number, name: string): Promise<void> {
    if ((await this.#file.readAt(target, offset)) < target.length) {
      throw new CorruptBlockError(`block ${this.id}: section ${name} is truncated`)
    }
  }
}
