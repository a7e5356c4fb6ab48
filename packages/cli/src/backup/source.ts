import { createUlid, listDataFiles, nodeFileSystem } from '@quartet/storage'
import type { DataFile } from '@quartet/storage'
import { dirname, join, resolve } from 'node:path'
import { DataDirectoryInUseError, lockDataDirectory } from '../data-lock.ts'
import { requestSnapshots } from '../supervisor/control-socket.ts'
import type { TakenSnapshot } from '../supervisor/supervisor.ts'
import { refuseUnfinishedRestore } from '../unfinished-restore.ts'
import { BackupError } from './object-store.ts'

/** What there is to back up, still while it is held. */
export interface DataSource {
  readonly dataDirectory: string
  readonly systems: readonly SourceSystem[]
  release(): Promise<void>
}

export interface SourceSystem {
  readonly service: string
  /** Empty when the system did not run. */
  readonly upstream: string
  readonly isSnapshot: boolean
  /** Where the files are now. */
  readonly directory: string
  readonly files: readonly DataFile[]
}

/**
 * Holds a data directory still. The Quartet that runs on it is asked for snapshots; where none runs, the directory is read itself and
 * none can start meanwhile.
 * @throws BackupError · UnfinishedRestoreError
 */
export async function openSource(dataDirectory: string, nowMs: number): Promise<DataSource> {
  if (!(await nodeFileSystem.stat(dataDirectory))?.isDirectory) {
    throw new BackupError(`${dataDirectory} is not a directory; --data says where the data is`)
  }
  const held = await requestSnapshots(dataDirectory, createUlid(nowMs)).catch((cause: Error) => {
    throw new BackupError(`the Quartet on ${dataDirectory} took no snapshot: ${cause.message}`, { cause })
  })
  if (held) return sourceOf(dataDirectory, held.snapshots, () => held.release())
  const lock = await lockForReading(dataDirectory)
  try {
    await refuseUnfinishedRestore(dataDirectory)
    return await sourceOf(dataDirectory, [], () => lock.release())
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function lockForReading(dataDirectory: string): Promise<{ release(): Promise<void> }> {
  try {
    return await lockDataDirectory(dataDirectory)
  } catch (error) {
    if (!(error instanceof DataDirectoryInUseError)) throw error
    const why = `process ${error.pid} uses ${dataDirectory}, but does not answer on its control socket`
    throw new BackupError(`${why}: it is starting, stopping, or another backup or restore; try again`, { cause: error })
  }
}

async function sourceOf(
  dataDirectory: string,
  snapshots: readonly TakenSnapshot[],
  release: () => Promise<void>,
): Promise<DataSource> {
  try {
    const systems: SourceSystem[] = []
    const covered = new Set<string>()
    for (const { service, upstream, directory } of snapshots) {
      covered.add(resolve(dirname(dirname(directory))))
      systems.push({ service, upstream, isSnapshot: true, directory, files: await filesOf(directory) })
    }
    // Systems that do not run here have left something, too.
    for (const name of await nodeFileSystem.list(dataDirectory)) {
      const directory = join(dataDirectory, name)
      if (covered.has(resolve(directory)) || name.startsWith('lost+found')) continue
      if (!(await nodeFileSystem.stat(directory))?.isDirectory) continue
      const files = await filesOf(directory)
      if (files.length > 0) systems.push({ service: name, upstream: '', isSnapshot: false, directory, files })
    }
    return { dataDirectory, systems, release }
  } catch (error) {
    await release()
    throw error
  }
}

/** Nothing grows in what is held. */
async function filesOf(directory: string): Promise<DataFile[]> {
  return listDataFiles(nodeFileSystem, directory)
}
