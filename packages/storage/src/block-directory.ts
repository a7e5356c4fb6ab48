import { join } from 'node:path'
import { CorruptBlockError, DELETED_SUFFIX, TEMPORARY_SUFFIX } from './block-format.ts'
import { Block } from './block.ts'
import type { FileSystem } from './file-system.ts'
import { SectionCache } from './section-cache.ts'
import { isUlid } from './ulid.ts'

const CORRUPT_DIRECTORY = 'corrupt'

export interface BlockProblem {
  readonly kind: 'corrupt' | 'leftover'
  readonly block: string
  readonly message: string
  readonly cause?: unknown
}

export interface BlockDirectoryOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  /** Bytes of whole sections kept in memory for all blocks together. Default 64 MiB. */
  readonly cacheBytes?: number
  readonly onProblem: (problem: BlockProblem) => void
}

/** The blocks of one engine. Corrupt ones are moved to `corrupt/` and reported; half-written ones are removed. */
export class BlockDirectory {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #onProblem: (problem: BlockProblem) => void
  readonly #cache: SectionCache
  #blocks: readonly Block[] = []

  static async open(options: BlockDirectoryOptions): Promise<BlockDirectory> {
    const opened = new BlockDirectory(options)
    await options.fileSystem.makeDirectory(options.directory)
    await opened.#load()
    return opened
  }

  private constructor(options: BlockDirectoryOptions) {
    this.#fileSystem = options.fileSystem
    this.#directory = options.directory
    this.#onProblem = options.onProblem
    this.#cache = new SectionCache(options.cacheBytes ?? 64 << 20)
  }

  /** All blocks by the time where they begin. A new array at every change, so that a reader's copy stays as it is. */
  get blocks(): readonly Block[] {
    return this.#blocks
  }

  get sizeBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.sizeBytes, 0)
  }

  /** Opens a block that {@link BlockWriter.commit} has finished. */
  async add(id: string): Promise<Block> {
    const [block] = await this.#open([id])
    this.#set([...this.#blocks, block])
    return block
  }

  /**
   * Takes blocks out of {@link blocks} at once; their files go when their last reader has released them.
   * Resolves when the files are gone, so only wait for it where no reader can wait for you.
   */
  async remove(ids: readonly string[]): Promise<void> {
    const gone = this.#takeOut(ids, [])
    await Promise.all(gone.map((block) => this.#delete(block)))
  }

  /** Puts new blocks in the place of old ones in one step. Resolves like {@link remove}. */
  async replace(newIds: readonly string[], oldIds: readonly string[]): Promise<void> {
    const opened = await this.#open(newIds)
    const gone = this.#takeOut(oldIds, opened)
    await Promise.all(gone.map((block) => this.#delete(block)))
  }

  /** Moves a block that turned out to be damaged out of the way. No error when it is gone already. */
  async setAside(id: string, cause: unknown): Promise<void> {
    const gone = this.#takeOut([id], [])
    if (gone.length === 0) return
    for (const block of gone) await block.close()
    await this.#moveToCorrupt(id, cause)
  }

  async close(): Promise<void> {
    const blocks = this.#blocks
    this.#blocks = []
    await Promise.all(blocks.map((block) => block.close()))
  }

  #takeOut(ids: readonly string[], added: readonly Block[]): Block[] {
    const gone = this.#blocks.filter((block) => ids.includes(block.id))
    this.#set([...this.#blocks.filter((block) => !gone.includes(block)), ...added])
    return gone
  }

  #set(blocks: readonly Block[]): void {
    this.#blocks = blocks.toSorted((a, b) => a.meta.minMs - b.meta.minMs || (a.id < b.id ? -1 : 1))
  }

  #open(ids: readonly string[]): Promise<Block[]> {
    return Promise.all(ids.map((id) => Block.open(this.#fileSystem, join(this.#directory, id), this.#cache)))
  }

  async #load(): Promise<void> {
    const loaded: Block[] = []
    for (const name of await this.#fileSystem.list(this.#directory)) {
      if (name.endsWith(TEMPORARY_SUFFIX) || name.endsWith(DELETED_SUFFIX)) await this.#removeLeftover(name)
      else if (isUlid(name)) loaded.push(...(await this.#openOrSetAside(name)))
    }
    // A crash between adding a merged block and removing its parts leaves both; the merged one holds everything.
    const replaced = new Set(loaded.flatMap((block) => block.meta.replaces ?? []))
    for (const block of loaded) if (replaced.has(block.id)) await this.#delete(block)
    this.#set(loaded.filter((block) => !replaced.has(block.id)))
  }

  async #openOrSetAside(id: string): Promise<Block[]> {
    try {
      return await this.#open([id])
    } catch (error) {
      if (!(error instanceof CorruptBlockError)) throw error
      await this.#moveToCorrupt(id, error)
      return []
    }
  }

  async #moveToCorrupt(id: string, cause: unknown): Promise<void> {
    const corrupt = join(this.#directory, CORRUPT_DIRECTORY)
    await this.#fileSystem.makeDirectory(corrupt)
    await this.#fileSystem.rename(join(this.#directory, id), join(corrupt, id))
    await this.#fileSystem.syncDirectory(corrupt)
    await this.#fileSystem.syncDirectory(this.#directory)
    const message = `moved to ${corrupt}: ${cause instanceof Error ? cause.message : String(cause)}`
    this.#onProblem({ kind: 'corrupt', block: id, message, cause })
  }

  async #delete(block: Block): Promise<void> {
    await block.close()
    // Renamed first: a crash must not leave a block with half of its files.
    const doomed = block.path + DELETED_SUFFIX
    await this.#fileSystem.rename(block.path, doomed)
    await this.#fileSystem.syncDirectory(this.#directory)
    await this.#fileSystem.removeDirectory(doomed)
  }

  async #removeLeftover(name: string): Promise<void> {
    await this.#fileSystem.removeDirectory(join(this.#directory, name))
    this.#onProblem({ kind: 'leftover', block: name, message: 'removed what an interrupted write or deletion left' })
  }
}
