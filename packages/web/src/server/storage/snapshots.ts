import type { SystemSnapshots } from '@quartet/runtime'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import { basename, dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'

/** All pages in one step: whatever is written meanwhile would make a backup in steps begin again. */
const ALL_PAGES = 2 ** 30

/** Snapshots of grafana.db by SQLite's own backup, on a connection of its own and off the event loop. */
export function databaseSnapshots(path: string): SystemSnapshots {
  return directorySnapshots({
    fileSystem: nodeFileSystem,
    directory: dirname(path),
    write: (target) => copyDatabase(path, join(target, basename(path))),
  })
}

async function copyDatabase(path: string, target: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    await backup(database, target, { rate: ALL_PAGES })
  } finally {
    database.close()
  }
  const file = await nodeFileSystem.open(target, 'read')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
