import { createUlid, listDataFiles, nodeFileSystem } from '@quartet/storage'
import type { DataFile } from '@quartet/storage'
import { dirname, join, relative, sep } from 'node:path'
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
  /** Where a restore puts it, relative to the data directory. */
  readonly place: string
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
    const covered: string[] = []
    for (const { service, upstream, directory } of snapshots) {
      const own = dirname(dirname(directory))
      covered.push(own)
      const inside = relative(dataDirectory, own)
      // A system may keep its data elsewhere; it comes back to where it would be by default.
      const place = inside === '' || inside.startsWith('..') ? service : inside.split(sep).join('/')
      systems.push({ service, upstream, isSnapshot: true, place, directory, files: await filesOf(directory) })
    }
    // Systems that do not run here have left something, too.
    for (const name of await nodeFileSystem.list(dataDirectory)) {
      const directory = join(dataDirectory, name)
      if (
        covered.some((own) => own === directory || own.startsWith(directory + sep)) ||
        /^lost\+found$|\.deleted$/.test(name)
      )
        continue
      if (!(await nodeFileSystem.stat(directory))?.isDirectory) continue
      const files = await filesOf(directory)
      if (files.length > 0)
        systems.push({ service: name, upstream: '', isSnapshot: false, place: name, directory, files })
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
