import { join } from 'node:path'
import type { FileSystem } from './file-system.ts'
import { isUlid } from './ulid.ts'

/**
 * What a file below a system's directory is, told by its name; it decides how a snapshot takes it.
 * `block`: never changes. `log`: a segment of a WAL or a queue, only the last of its directory grows. `other`: replaced as a whole.
 */
export type DataFileKind = 'block' | 'log' | 'other'

export interface DataFile {
  /** Relative to the directory that was listed, with `/`. */
  readonly path: string
  readonly kind: DataFileKind
  /** The last segment of its log: more may be appended to it. */
  readonly isGrowing: boolean
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** Where snapshots are made, below the directory that they are of. */
export const SNAPSHOTS_DIRECTORY = 'snapshots'

/** Half-written, half-deleted, or about a running process: worth nothing elsewhere. */
const TRANSIENT = /\.(tmp|deleted|part|lock|sock|db-shm)$/
/** Blocks that were damaged when they were found. */
const CORRUPT_DIRECTORY = 'corrupt'
const SEGMENT = /^\d{8}\.(wal|queue)$/
const MAX_DEPTH = 16

export function isTransient(name: string): boolean {
  return TRANSIENT.test(name)
}

/**
 * Everything below a system's directory that is worth keeping, sorted by path. Files that vanish meanwhile are left out.
 * @param only the one file or sub-directory that is wanted
 */
export async function listDataFiles(fileSystem: FileSystem, directory: string, only?: string): Promise<DataFile[]> {
  const files: DataFile[] = []
  await visit({ fileSystem, directory, only, files }, '', 'other', 0)
  return files
}

interface Visit {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly only: string | undefined
  readonly files: DataFile[]
}

async function visit(into: Visit, below: string, kind: DataFileKind, depth: number): Promise<void> {
  if (depth > MAX_DEPTH)
    throw new Error(`${join(into.directory, below)} is nested deeper than ${MAX_DEPTH} directories`)
  const names = await into.fileSystem.list(join(into.directory, below))
  const lastSegment = names.findLast((name) => SEGMENT.test(name))
  for (const name of names) {
    if (depth === 0 && into.only !== undefined && name !== into.only) continue
    if (isTransient(name) || name === CORRUPT_DIRECTORY || (depth === 0 && name === SNAPSHOTS_DIRECTORY)) continue
    const path = below === '' ? name : `${below}/${name}`
    const stat = await into.fileSystem.stat(join(into.directory, path))
    if (!stat) continue
    if (stat.isDirectory) await visit(into, path, kind === 'block' || isUlid(name) ? 'block' : 'other', depth + 1)
    else {
      const isLog = kind !== 'block' && SEGMENT.test(name)
      into.files.push({
        path,
        kind: isLog ? 'log' : kind,
        isGrowing: isLog && name === lastSegment,
        sizeBytes: stat.sizeBytes,
        modifiedMs: stat.modifiedMs,
      })
    }
  }
}
