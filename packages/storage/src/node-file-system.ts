import { close, constants, fdatasync, fstat, ftruncate, open, read, writev } from 'node:fs'
import { link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle, FileStat, FileSystem, OpenMode } from './file-system.ts'

const FLAGS: Record<OpenMode, number> = {
  read: constants.O_RDONLY,
  // O_APPEND in both writing modes, so that an append after a truncate goes to the new end.
  create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND,
  append: constants.O_RDWR | constants.O_CREAT | constants.O_APPEND,
}

/** The machine's own disk. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    const fd = await new Promise<number>((resolve, reject) => {
      open(path, FLAGS[mode], 0o640, (error, opened) => (error ? reject(error) : resolve(opened)))
    })
    return new NodeFileHandle(path, fd)
  },
  readFile: (path) => readFile(path),
  async list(directory) {
    try {
      return (await readdir(directory)).sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  },
  async stat(path): Promise<FileStat | undefined> {
    try {
      const found = await stat(path)
      return { sizeBytes: found.size, isDirectory: found.isDirectory(), modifiedMs: found.mtimeMs }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  },
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o750 })
  },
  rename,
  link,
  removeFile: (path) => rm(path, { force: true }),
  removeDirectory: (path) => rm(path, { recursive: true, force: true }),
  async syncDirectory(path) {
    const handle = await nodeFileSystem.open(path, 'read')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** On callbacks over a descriptor: a promise `FileHandle` costs two to three times the CPU per small write. */
class NodeFileHandle implements FileHandle {
  readonly path: string
  readonly #fd: number

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  sizeBytes(): Promise<number> {
    return new Promise((resolve, reject) => {
      fstat(this.#fd, (error, found) => (error ? reject(error) : resolve(found.size)))
    })
  }

  async readAt(target: Uint8Array, offset: number): Promise<number> {
    let done = 0
    while (done < target.length) {
      const count = await this.#readOnce(target, done, offset + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  async append(parts: readonly Uint8Array[]): Promise<void> {
    let rest = parts.filter((part) => part.length > 0)
    while (rest.length > 0) rest = skipBytes(rest, await this.#writeOnce(rest.slice(0, MAX_PARTS)))
  }

  truncate(sizeBytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      ftruncate(this.#fd, sizeBytes, (error) => (error ? reject(error) : resolve()))
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())))
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => close(this.#fd, (error) => (error ? reject(error) : resolve())))
  }

  #readOnce(target: Uint8Array, start: number, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#fd, target, start, target.length - start, offset, (error, count) =>
        error ? reject(error) : resolve(count),
      )
    })
  }

  #writeOnce(parts: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      writev(this.#fd, parts, (error, count) => (error ? reject(error) : resolve(count)))
    })
  }
}

/** IOV_MAX on Linux. */
const MAX_PARTS = 1024

/** What is left of `parts` after `count` bytes: a disk may take fewer bytes than it was given. */
function skipBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = count
  let index = 0
  while (index < parts.length && skipped >= parts[index].length) skipped -= parts[index++].length
  const rest = parts.slice(index)
  if (skipped > 0) rest[0] = rest[0].subarray(skipped)
  return rest
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
