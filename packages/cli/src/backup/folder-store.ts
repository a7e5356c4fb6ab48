import type { FileSystem } from '@quartet/storage'
import { randomUUID } from 'node:crypto'
import { dirname, join, relative, sep } from 'node:path'
import { checked, readFileChunks } from './content.ts'
import { ObjectMissingError } from './object-store.ts'
import type { ObjectContent, ObjectStore, StoredObject } from './object-store.ts'

/** Written under a name with this end first. */
const PART_SUFFIX = '.part'
const CHUNK_BYTES = 1 << 20

/** Objects as files below a folder, each written to a temporary name, fsynced and renamed. */
export class FolderStore implements ObjectStore {
  readonly location: string
  readonly #fileSystem: FileSystem
  /** Directories that are known to be there, durably. */
  readonly #made = new Set<string>()

  /** @param folder absolute */
  constructor(fileSystem: FileSystem, folder: string) {
    this.#fileSystem = fileSystem
    this.location = folder
  }

  /** Where an object's bytes lie, for those who can use a file. */
  pathOf(key: string): string {
    return join(this.location, key)
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const object of this.#visit(join(this.location, directory))) {
      if (object.key.startsWith(prefix) && !object.key.endsWith(PART_SUFFIX)) yield object
    }
  }

  async *read(key: string, range?: { start: number; end: number }): AsyncGenerator<Uint8Array> {
    const path = this.pathOf(key)
    const stat = await this.#fileSystem.stat(path)
    if (!stat || stat.isDirectory) throw new ObjectMissingError(key)
    if (!range) {
      yield* readFileChunks(this.#fileSystem, path, stat.sizeBytes)
      return
    }
    const file = await this.#fileSystem.open(path, 'read')
    try {
      for (let at = range.start; at < range.end;) {
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, range.end - at))
        const count = await file.readAt(chunk, at)
        if (count === 0) return
        yield chunk.subarray(0, count)
        at += count
      }
    } finally {
      await file.close()
    }
  }

  async write(key: string, content: ObjectContent): Promise<void> {
    const path = this.pathOf(key)
    await this.#makeDirectory(dirname(path))
    const part = `${path}.${randomUUID()}${PART_SUFFIX}`
    try {
      const file = await this.#fileSystem.open(part, 'create')
      try {
        for await (const chunk of checked(key, content, content.read())) await file.append([chunk])
        await file.sync()
      } finally {
        await file.close()
      }
      await this.#fileSystem.rename(part, path)
    } catch (error) {
      await this.#fileSystem.removeFile(part)
      throw error
    }
    await this.#fileSystem.syncDirectory(dirname(path))
  }

  async remove(key: string): Promise<void> {
    await this.#fileSystem.removeFile(this.pathOf(key))
  }

  /** What writers that died have left. Only while nobody writes. */
  async removeParts(): Promise<void> {
    for await (const { key } of this.#visit(this.location)) if (key.endsWith(PART_SUFFIX)) await this.remove(key)
  }

  async *#visit(directory: string): AsyncGenerator<StoredObject> {
    for (const name of await this.#fileSystem.list(directory)) {
      const path = join(directory, name)
      const stat = await this.#fileSystem.stat(path)
      if (stat?.isDirectory) yield* this.#visit(path)
      else if (stat) yield { key: relative(this.location, path).split(sep).join('/'), sizeBytes: stat.sizeBytes }
    }
  }

  async #makeDirectory(directory: string): Promise<void> {
    if (this.#made.has(directory)) return
    await this.#fileSystem.makeDirectory(directory)
    for (let path = directory; path.length > this.location.length; path = dirname(path)) {
      await this.#fileSystem.syncDirectory(dirname(path))
      this.#made.add(path)
    }
  }
}
