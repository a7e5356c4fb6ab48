import { dirname, join } from 'node:path'
import type { FileHandle, FileSystem } from './file-system.ts'
import { listDataFiles, SNAPSHOTS_DIRECTORY } from './snapshot-files.ts'
import type { DataFile } from './snapshot-files.ts'
import { isUlid } from './ulid.ts'

export interface SnapshotOptions {
  readonly fileSystem: FileSystem
  /** A system's own directory, which may be in use. */
  readonly directory: string
  /**
   * Sub-directories that pass data on to others, in the order in which the data flows. An entry leaves one queue only after it is
   * in the next, so whoever is taken in this order never misses one between two queues.
   */
  readonly order?: () => readonly string[]
}

/** A system's snapshots, as {@link takeSnapshot} or the system itself makes them. */
export interface DirectorySnapshots {
  /** @param id a ULID @returns the snapshot's directory; everything acknowledged before the call is in it */
  create(id: string): Promise<string>
  /** No error when it is gone already. */
  remove(id: string): Promise<void>
  /** Removes what an earlier process has left. Snapshots with other names than ULIDs are a person's and stay. */
  removeLeftovers(): Promise<void>
}

/** How often a directory may change its blocks under a snapshot: each change takes seconds, a try milliseconds. */
const MAX_ATTEMPTS = 20
const COPY_BYTES = 1 << 20
/** The disk has no hard links, or not between these two places. */
const NO_LINKS = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'])

/** The files changed while they were taken; trying again helps. */
class ChangedError extends Error {
  override name = 'ChangedError'
}

/**
 * Snapshots of a directory of WALs, queues and blocks, taken while it is written to.
 * @param write fills an empty directory with the snapshot; by default {@link copyData} does
 */
export function directorySnapshots(
  options: SnapshotOptions & { readonly write?: (target: string) => Promise<void> },
): DirectorySnapshots {
  const { fileSystem, directory } = options
  const own = new Set<string>()
  const write = options.write ?? ((target) => copyData({ ...options, target }))
  const parent = join(directory, SNAPSHOTS_DIRECTORY)
  return {
    async create(id) {
      if (!isUlid(id)) throw new RangeError(`a snapshot's id is a ULID, not "${id}"`)
      own.add(id)
      return takeSnapshot({ fileSystem, target: join(parent, id), write })
    },
    async remove(id) {
      if (!isUlid(id)) throw new RangeError(`a snapshot's id is a ULID, not "${id}"`)
      own.delete(id)
      await fileSystem.removeDirectory(join(parent, id))
    },
    async removeLeftovers() {
      for (const name of await fileSystem.list(parent)) {
        const id = name.replace(/\.tmp$/, '')
        if (isUlid(id) && !own.has(id)) await fileSystem.removeDirectory(join(parent, name))
      }
    },
  }
}

/**
 * Makes a snapshot's directory: whole and durable under its name, or not there.
 * @returns `target`
 */
export async function takeSnapshot(options: {
  readonly fileSystem: FileSystem
  readonly target: string
  readonly write: (target: string) => Promise<void>
}): Promise<string> {
  const { fileSystem, target, write } = options
  if (await fileSystem.stat(target)) throw new Error(`${target} exists already`)
  const temporary = `${target}.tmp`
  const parent = dirname(target)
  await fileSystem.removeDirectory(temporary)
  await fileSystem.makeDirectory(temporary)
  try {
    await write(temporary)
    await fileSystem.syncDirectory(temporary)
    await fileSystem.rename(temporary, target)
    await fileSystem.syncDirectory(parent)
    await fileSystem.syncDirectory(dirname(parent))
  } catch (error) {
    await fileSystem.removeDirectory(temporary)
    throw error
  }
  return target
}

/**
 * Fills `target` with what `kill -9` would leave in `directory` at one instant between call and return; the engines recover from
 * that by design. Nothing is locked. What makes it one instant, although files are taken one after the other:
 *
 * - A segment of a log never changes once there is a later one: it is linked. The last one is copied up to the length it has now.
 * - A record leaves the WAL only after the block that holds it is there. So the same blocks before and after the WAL was taken mean
 *   that none was made in between: every record is in one or the other, and no block is newer than the WAL. Otherwise: once more.
 * - Queues are taken in the order in which data flows, see {@link SnapshotOptions.order}.
 */
export async function copyData(options: SnapshotOptions & { readonly target: string }): Promise<void> {
  const { fileSystem, target } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await copyOnce(options)
    } catch (error) {
      if (!(error instanceof ChangedError)) throw error
      if (attempt === MAX_ATTEMPTS) {
        throw new Error(`${options.directory} changed during each of ${MAX_ATTEMPTS} tries`, { cause: error })
      }
      await fileSystem.removeDirectory(target)
      await fileSystem.makeDirectory(target)
    }
  }
}

async function copyOnce(options: SnapshotOptions & { readonly target: string }): Promise<void> {
  const { fileSystem, directory, target } = options
  const made = new Set<string>()
  const take = async (file: DataFile): Promise<void> => {
    const to = join(target, file.path)
    if (!made.has(dirname(to))) {
      await fileSystem.makeDirectory(dirname(to))
      for (let path = dirname(to); path.length > target.length; path = dirname(path)) made.add(path)
    }
    const from = join(directory, file.path)
    // Other files are copied: nobody promises that their owner does not write into them.
    const isFixed = file.kind === 'block' || (file.kind === 'log' && !file.isGrowing)
    if (!isFixed || !(await linked(fileSystem, from, to))) await copied(fileSystem, from, to)
  }
  const blocks = await blockFiles(fileSystem, directory)
  for (const file of blocks) await take(file)
  // Listed after the blocks: see above.
  for (const part of partsInOrder(await fileSystem.list(directory), options.order?.() ?? [])) {
    for (const file of await listDataFiles(fileSystem, directory, part)) if (file.kind !== 'block') await take(file)
  }
  const after = await blockFiles(fileSystem, directory)
  if (!isSame(blocks, after)) throw new ChangedError(`blocks of ${directory} changed`)
  for (const path of [...made].sort((a, b) => b.length - a.length)) await fileSystem.syncDirectory(path)
}

async function blockFiles(fileSystem: FileSystem, directory: string): Promise<DataFile[]> {
  return (await listDataFiles(fileSystem, directory)).filter(({ kind }) => kind === 'block')
}

function isSame(before: readonly DataFile[], after: readonly DataFile[]): boolean {
  return before.length === after.length && before.every(({ path }, index) => path === after[index]!.path)
}

function partsInOrder(names: readonly string[], order: readonly string[]): string[] {
  const first = order.filter((name) => names.includes(name))
  return [...first, ...names.filter((name) => !first.includes(name))]
}

async function linked(fileSystem: FileSystem, from: string, to: string): Promise<boolean> {
  try {
    await fileSystem.link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new ChangedError(`${from} is gone`, { cause: error })
    if (NO_LINKS.has(codeOf(error))) return false
    throw error
  }
}

/** The file up to the length that it has now. */
async function copied(fileSystem: FileSystem, from: string, to: string): Promise<void> {
  let source: FileHandle
  try {
    source = await fileSystem.open(from, 'read')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new ChangedError(`${from} is gone`, { cause: error })
    throw error
  }
  try {
    const target = await fileSystem.open(to, 'create')
    try {
      const sizeBytes = await source.sizeBytes()
      const buffer = new Uint8Array(Math.min(sizeBytes, COPY_BYTES))
      for (let at = 0; at < sizeBytes;) {
        const count = await source.readAt(buffer.subarray(0, Math.min(buffer.length, sizeBytes - at)), at)
        if (count === 0) break
        await target.append([buffer.subarray(0, count)])
        at += count
      }
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
