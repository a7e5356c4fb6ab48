import type { Clock } from '@quartet/runtime'
import { FolderStore } from './folder-store.ts'
import { listBackups, listObjects, manifestKey, objectKey, readManifest } from './manifest.ts'
import { BackupError } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { enter } from './presence.ts'

export interface PruneSummary {
  readonly removedBackups: readonly string[]
  readonly removedObjects: number
  readonly removedBytes: number
}

/**
 * Keeps the newest backups, and the objects that those name. A backup goes before its objects, so that a crash between leaves
 * objects that nobody names and never a backup without its objects.
 * @throws BackupError when another backup is running, or a manifest that is kept cannot be read: what it names is not known then
 */
export async function prune(options: {
  readonly store: ObjectStore
  readonly keep: number
  readonly id: string
  readonly clock: Clock
  readonly signal: AbortSignal
}): Promise<PruneSummary> {
  const { store, keep, signal } = options
  if (!Number.isInteger(keep) || keep < 1) throw new BackupError('at least one backup is kept')
  const presence = await enter({ ...options, activity: 'prune' })
  try {
    const ids = await listBackups(store)
    const kept = ids.slice(-keep)
    const needed = new Set<string>()
    for (const id of kept) {
      for (const { files } of (await readManifest(store, id)).systems)
        for (const { sha256 } of files) needed.add(sha256)
    }
    const removedBackups = ids.slice(0, -keep)
    for (const id of removedBackups) {
      signal.throwIfAborted()
      await store.remove(manifestKey(id))
    }
    let removedObjects = 0
    let removedBytes = 0
    for (const [sha256, sizeBytes] of await listObjects(store)) {
      if (needed.has(sha256)) continue
      signal.throwIfAborted()
      await store.remove(objectKey(sha256))
      removedObjects++
      removedBytes += sizeBytes
    }
    if (store instanceof FolderStore) await store.removeParts()
    return { removedBackups, removedObjects, removedBytes }
  } finally {
    await presence.leave()
  }
}
