import type { FileHandle, FileStat, FileSystem } from '@quartet/storage'
import { objectKey } from './manifest.ts'
import type { ManifestFile, ManifestSystem } from './manifest.ts'
import type { ObjectStore } from './object-store.ts'

/** What is kept of a large object at once; a log is read through a window that moves forward. */
const WINDOW_BYTES = 4 << 20

/**
 * One system of a backup as a disk that can only be read, so that the storage kernel checks it where it lies.
 * Paths are absolute: `/` is the system's directory.
 */
export function backupFileSystem(store: ObjectStore, system: ManifestSystem): FileSystem {
  const files = new Map<string, ManifestFile>()
  const directories = new Map<string, Set<string>>([['', new Set()]])
  for (const file of system.files) {
    files.set(file.path, file)
    const parts = file.path.split('/')
    for (let depth = 0; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/')
      const names = directories.get(parent) ?? new Set()
      directories.set(parent, names.add(parts[depth]!))
    }
  }
  const refuse = (): Promise<never> => Promise.reject(new Error('a backup is only read'))
  const find = (path: string): ManifestFile => {
    const file = files.get(relative(path))
    if (!file) throw Object.assign(new Error(`ENOENT: ${path} is not in the backup`), { code: 'ENOENT' })
    return file
  }
  return {
    async open(path, mode) {
      if (mode !== 'read') return refuse()
      return new ObjectHandle(store, path, find(path))
    },
    async readFile(path) {
      const file = find(path)
      const bytes = new Uint8Array(file.sizeBytes)
      await fill(store, file, bytes, 0)
      return bytes
    },
    list: async (directory) => [...(directories.get(relative(directory)) ?? [])].sort(),
    async stat(path): Promise<FileStat | undefined> {
      const file = files.get(relative(path))
      if (file) return { sizeBytes: file.sizeBytes, isDirectory: false, modifiedMs: file.modifiedMs }
      return directories.has(relative(path)) ? { sizeBytes: 0, isDirectory: true, modifiedMs: 0 } : undefined
    },
    makeDirectory: refuse,
    rename: refuse,
    link: refuse,
    removeFile: refuse,
    removeDirectory: refuse,
    syncDirectory: refuse,
  }
}

class ObjectHandle implements FileHandle {
  readonly path: string
  readonly #store: ObjectStore
  readonly #file: ManifestFile
  #window = new Uint8Array(0)
  #start = 0

  constructor(store: ObjectStore, path: string, file: ManifestFile) {
    this.#store = store
    this.path = path
    this.#file = file
  }

  async sizeBytes(): Promise<number> {
    return this.#file.sizeBytes
  }

  async readAt(target: Uint8Array, offset: number): Promise<number> {
    const end = Math.min(this.#file.sizeBytes, offset + target.length)
    for (let at = offset; at < end;) {
      if (at < this.#start || at >= this.#start + this.#window.length) await this.#load(at)
      const part = this.#window.subarray(at - this.#start, Math.min(this.#window.length, end - this.#start))
      if (part.length === 0) return at - offset
      target.set(part, at - offset)
      at += part.length
    }
    return Math.max(0, end - offset)
  }

  append = refuseWrite
  truncate = refuseWrite
  sync = refuseWrite
  async close(): Promise<void> {
    this.#window = new Uint8Array(0)
  }

  async #load(start: number): Promise<void> {
    const window = new Uint8Array(Math.min(WINDOW_BYTES, this.#file.sizeBytes - start))
    this.#window = window.subarray(0, await fill(this.#store, this.#file, window, start))
    this.#start = start
  }
}

function refuseWrite(): Promise<never> {
  return Promise.reject(new Error('a backup is only read'))
}

async function fill(store: ObjectStore, file: ManifestFile, target: Uint8Array, start: number): Promise<number> {
  let filled = 0
  const range = { start, end: start + target.length }
  if (target.length === 0) return 0
  for await (const chunk of store.read(objectKey(file.sha256), range)) {
    const part = chunk.subarray(0, target.length - filled)
    target.set(part, filled)
    filled += part.length
  }
  return filled
}

function relative(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}
