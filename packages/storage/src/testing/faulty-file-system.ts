import { basename, dirname } from 'node:path'
import type { FileHandle, FileStat, FileSystem, OpenMode } from '../file-system.ts'
import { seededRandom } from './random.ts'
import type { Random } from './random.ts'

export type FaultyOperation =
  | 'open'
  | 'read'
  | 'append'
  | 'truncate'
  | 'sync'
  | 'syncDirectory'
  | 'rename'
  | 'link'
  | 'remove'
  | 'makeDirectory'

/** What the hook may ask for: an error code to fail with (an `append` then leaves a part of its bytes), or nothing. */
export type Fault = 'ENOSPC' | 'EIO' | undefined

/**
 * `keep`: the process died (`kill -9`), the kernel still has everything.
 * `drop`: the power went and nothing unsynced reached the disk.
 * `scramble`: the power went and any part of the unsynced writes reached the disk, some as garbage.
 */
export type CrashMode = 'keep' | 'drop' | 'scramble'

export interface FaultyFileSystemOptions {
  readonly seed?: number
  /** Total bytes in files, after which appends fail with ENOSPC having written a part. */
  readonly capacityBytes?: number
}

/**
 * A disk in memory that can fail. Names are durable only after `syncDirectory` of their parent and bytes only after `sync` of
 * their file, as POSIX promises no more. After {@link crash} the old handles and the old file system are dead.
 */
export class FaultyFileSystem implements FileSystem {
  capacityBytes: number
  /** Asked before every operation; the test decides by kind, path or count. */
  fault: ((operation: FaultyOperation, path: string) => Fault) | undefined
  /** The operation with this number, counted from 0, and all later ones fail: the process is dead. */
  crashAtOperation = Infinity
  operations = 0
  readonly #random: Random
  #root = new Directory()
  #dead = false

  constructor(options: FaultyFileSystemOptions = {}) {
    this.#random = seededRandom(options.seed ?? 1)
    this.capacityBytes = options.capacityBytes ?? Infinity
  }

  /** What a new process finds on the disk. */
  crash(mode: CrashMode): FaultyFileSystem {
    this.#dead = true
    const survivor = new FaultyFileSystem({ seed: this.#random.below(1 << 30), capacityBytes: this.capacityBytes })
    survivor.#root = this.#root.afterCrash(mode, this.#random, new Map())
    return survivor
  }

  /** Flips one bit, as a decaying disk does. */
  flipBit(path: string, byte: number, bit: number): void {
    const file = this.#file(path)
    file.writable()[byte] ^= 1 << bit
    file.makeDurable()
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    this.begin('open', path)
    const parent = this.#directory(dirname(path))
    let file = parent.entries.get(basename(path))
    if (file instanceof Directory) {
      if (mode === 'read') return new DirectoryHandle(this, path)
      throw failure('EISDIR', path)
    }
    if (!file) {
      if (mode === 'read') throw failure('ENOENT', path)
      file = new File()
      parent.set(basename(path), file)
    }
    if (mode === 'create') file.truncate(0)
    return new MemoryHandle(this, path, file)
  }

  async readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    this.begin('read', path)
    return this.#file(path).content().slice()
  }

  async list(directory: string): Promise<readonly string[]> {
    this.begin('read', directory)
    const found = this.#find(directory)
    return found instanceof Directory ? [...found.entries.keys()].sort() : []
  }

  async stat(path: string): Promise<FileStat | undefined> {
    this.begin('read', path)
    const found = this.#find(path)
    if (!found) return undefined
    if (found instanceof Directory) return { sizeBytes: 0, isDirectory: true, modifiedMs: 0 }
    return { sizeBytes: found.size, isDirectory: false, modifiedMs: 0 }
  }

  async makeDirectory(path: string): Promise<void> {
    this.begin('makeDirectory', path)
    let directory = this.#root
    for (const name of names(path)) {
      let next = directory.entries.get(name)
      if (!next) {
        next = new Directory()
        directory.set(name, next)
        // Making directories happens once, at start; losing one would only test that `open` makes it again.
        directory.makeDurable()
      }
      if (!(next instanceof Directory)) throw failure('ENOTDIR', path)
      directory = next
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.begin('rename', from)
    const source = this.#directory(dirname(from))
    const moved = source.entries.get(basename(from))
    if (!moved) throw failure('ENOENT', from)
    const target = this.#directory(dirname(to))
    const existing = target.entries.get(basename(to))
    if (existing instanceof Directory && existing.entries.size > 0) throw failure('ENOTEMPTY', to)
    if (source === target) source.rename(basename(from), basename(to), moved)
    else {
      target.set(basename(to), moved)
      source.delete(basename(from))
    }
  }

  async link(from: string, to: string): Promise<void> {
    this.begin('link', from)
    this.#directory(dirname(to)).set(basename(to), this.#file(from))
  }

  async removeFile(path: string): Promise<void> {
    this.begin('remove', path)
    const parent = this.#find(dirname(path))
    if (parent instanceof Directory && parent.entries.has(basename(path))) parent.delete(basename(path))
  }

  async removeDirectory(path: string): Promise<void> {
    await this.removeFile(path)
  }

  async syncDirectory(path: string): Promise<void> {
    this.begin('syncDirectory', path)
    this.#directory(path).makeDurable()
  }

  /** Counts an operation and fails it when asked to. */
  begin(operation: FaultyOperation, path: string): void {
    if (this.#dead || this.operations++ >= this.crashAtOperation) {
      this.#dead = true
      throw failure('ECRASHED', path)
    }
    if (operation === 'append') return
    const fault = this.fault?.(operation, path)
    if (fault) throw failure(fault, path)
  }

  /** Writes what fits; throws when that is not all. A process that dies while writing leaves a part, too. */
  write(path: string, file: File, parts: readonly Uint8Array[]): void {
    const isLast = !this.#dead && this.operations === this.crashAtOperation
    if (!isLast) this.begin('append', path)
    const bytes = Buffer.concat(parts)
    const room = Math.max(0, this.capacityBytes - this.usedBytes())
    const fault = isLast ? 'ECRASHED' : this.fault?.('append', path)
    const taken = fault ? this.#random.below(bytes.length + 1) : bytes.length
    file.append(bytes.subarray(0, Math.min(taken, room)))
    if (isLast) this.begin('append', path)
    if (fault) throw failure(fault, path)
    if (room < bytes.length) throw failure('ENOSPC', path)
  }

  usedBytes(): number {
    return this.#root.usedBytes()
  }

  #find(path: string): Node | undefined {
    let found: Node | undefined = this.#root
    for (const name of names(path)) found = found instanceof Directory ? found.entries.get(name) : undefined
    return found
  }

  #directory(path: string): Directory {
    const found = this.#find(path)
    if (!(found instanceof Directory)) throw failure('ENOENT', path)
    return found
  }

  #file(path: string): File {
    const found = this.#find(path)
    if (!(found instanceof File)) throw failure('ENOENT', path)
    return found
  }
}

type Node = File | Directory

/** One file: bytes that are durable, and the operations since. */
class File {
  #content = new Uint8Array(0)
  #durable = new Uint8Array(0)
  #unsynced: ({ kind: 'append'; bytes: Uint8Array } | { kind: 'truncate'; size: number })[] = []
  size = 0

  content(): Uint8Array<ArrayBuffer> {
    return this.#content.subarray(0, this.size)
  }

  writable(): Uint8Array {
    return this.content()
  }

  append(bytes: Uint8Array): void {
    this.#grow(bytes)
    this.#unsynced.push({ kind: 'append', bytes: bytes.slice() })
  }

  truncate(size: number): void {
    if (size < this.size) this.size = size
    this.#unsynced.push({ kind: 'truncate', size })
  }

  makeDurable(): void {
    if (this.#unsynced.length > 0 || this.#durable.length !== this.size) this.#durable = this.content().slice()
    else this.#durable.set(this.content())
    this.#unsynced = []
  }

  afterCrash(mode: CrashMode, random: Random): File {
    const survivor = new File()
    const start = mode === 'keep' ? this.content() : this.#durable
    survivor.#grow(start)
    if (mode === 'scramble') {
      // Lengths reach the disk in order, bytes in any: an append that made it may hold its bytes, zeros or garbage.
      const kept = random.below(this.#unsynced.length + 1)
      for (const write of this.#unsynced.slice(0, kept)) {
        if (write.kind === 'truncate') survivor.truncate(write.size)
        else survivor.#grow(scrambled(write.bytes, random))
      }
    }
    survivor.makeDurable()
    return survivor
  }

  #grow(bytes: Uint8Array): void {
    const needed = this.size + bytes.length
    if (needed > this.#content.length) {
      const grown = new Uint8Array(Math.max(needed, this.#content.length * 2))
      grown.set(this.content())
      this.#content = grown
    }
    this.#content.set(bytes, this.size)
    this.size = needed
  }
}

function scrambled(bytes: Uint8Array, random: Random): Uint8Array {
  const kind = random.below(4)
  if (kind === 0) return bytes
  if (kind === 1) return bytes.subarray(0, random.below(bytes.length + 1))
  if (kind === 2) return new Uint8Array(bytes.length)
  const result = bytes.slice()
  const start = random.below(bytes.length)
  result.set(random.bytes(Math.min(64, bytes.length - start)), start)
  return result
}

/** One directory: names that are durable, and the changes since. */
class Directory {
  readonly entries = new Map<string, Node>()
  #durable = new Map<string, Node>()
  #unsynced: ((names: Map<string, Node>) => void)[] = []

  set(name: string, node: Node): void {
    this.#change((names) => names.set(name, node))
  }

  delete(name: string): void {
    this.#change((names) => names.delete(name))
  }

  rename(from: string, to: string, node: Node): void {
    this.#change((names) => {
      names.delete(from)
      names.set(to, node)
    })
  }

  makeDurable(): void {
    this.#durable = new Map(this.entries)
    this.#unsynced = []
  }

  usedBytes(): number {
    let sum = 0
    for (const node of this.entries.values()) sum += node instanceof Directory ? node.usedBytes() : node.size
    return sum
  }

  /** `seen` keeps hard links to one file together. */
  afterCrash(mode: CrashMode, random: Random, seen: Map<Node, Node>): Directory {
    const survivor = new Directory()
    const kept = mode === 'keep' ? this.#unsynced.length : mode === 'drop' ? 0 : random.below(this.#unsynced.length + 1)
    const names = new Map(this.#durable)
    for (const change of this.#unsynced.slice(0, kept)) change(names)
    for (const [name, node] of names) {
      let copy = seen.get(node)
      if (!copy) {
        copy = node instanceof Directory ? node.afterCrash(mode, random, seen) : node.afterCrash(mode, random)
        seen.set(node, copy)
      }
      survivor.entries.set(name, copy)
    }
    survivor.makeDurable()
    return survivor
  }

  #change(apply: (names: Map<string, Node>) => void): void {
    apply(this.entries)
    this.#unsynced.push(apply)
  }
}

class MemoryHandle implements FileHandle {
  readonly path: string
  readonly #system: FaultyFileSystem
  readonly #file: File

  constructor(system: FaultyFileSystem, path: string, file: File) {
    this.path = path
    this.#system = system
    this.#file = file
  }

  async sizeBytes(): Promise<number> {
    this.#system.begin('read', this.path)
    return this.#file.size
  }

  async readAt(target: Uint8Array, offset: number): Promise<number> {
    this.#system.begin('read', this.path)
    const part = this.#file.content().subarray(offset, offset + target.length)
    target.set(part)
    return part.length
  }

  async append(parts: readonly Uint8Array[]): Promise<void> {
    this.#system.write(this.path, this.#file, parts)
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#system.begin('truncate', this.path)
    this.#file.truncate(sizeBytes)
  }

  async sync(): Promise<void> {
    this.#system.begin('sync', this.path)
    this.#file.makeDurable()
  }

  async close(): Promise<void> {
    // Closing a descriptor does nothing to the disk, so that it can neither fail nor be a crash point.
  }
}

class DirectoryHandle extends MemoryHandle {
  constructor(system: FaultyFileSystem, path: string) {
    super(system, path, new File())
  }
}

function names(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected, '${path}'`), { code })
}
