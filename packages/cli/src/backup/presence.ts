import type { Clock } from '@quartet/runtime'
import { bytesContent, readText } from './content.ts'
import { BackupError, ObjectMissingError } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'

const PREFIX = 'running/'
const RENEW_MS = 60_000
/** Whoever has not renewed for this long is dead. */
const DEAD_AFTER_MS = 15 * 60_000

export type Activity = 'backup' | 'prune'

interface Note {
  readonly activity: Activity
  readonly renewedMs: number
}

export interface Presence {
  leave(): Promise<void>
}

/**
 * Says in the store what is going on, and looks who else is there. A backup counts on objects that it finds, so nothing may be removed
 * while one runs. Both say it first and look then: of two that come at once, at least one sees the other.
 * @throws BackupError when a backup meets a pruning, or a pruning anybody
 */
export async function enter(options: {
  readonly store: ObjectStore
  readonly id: string
  readonly activity: Activity
  readonly clock: Clock
}): Promise<Presence> {
  const { store, id, activity, clock } = options
  const key = `${PREFIX}${id}-${activity}.json`
  const note = async (): Promise<void> => {
    const text = JSON.stringify({ activity, renewedMs: clock.nowMs() } satisfies Note)
    await store.write(key, bytesContent(Buffer.from(text)))
  }
  let renewing: Promise<void> = Promise.resolve()
  await note()
  // A renewal that fails is made up for by the next; a store that is away for long fails the work itself.
  const timer = clock.every(RENEW_MS, () => (renewing = renewing.then(note).catch(() => undefined)))
  const leave = async (): Promise<void> => {
    timer.cancel()
    await renewing
    // What stays behind counts for a quarter of an hour; that must not hide why the work failed.
    await store.remove(key).catch(() => undefined)
  }
  try {
    for (const other of await others(store, key, clock.nowMs())) {
      if (activity === 'prune' || other.activity === 'prune') {
        const doing = other.activity === 'prune' ? 'old backups are being removed' : 'another backup is running'
        throw new BackupError(`${store.location} is in use: ${doing}; try again later`)
      }
    }
  } catch (error) {
    await leave()
    throw error
  }
  return { leave }
}

async function others(store: ObjectStore, own: string, nowMs: number): Promise<Note[]> {
  const found: Note[] = []
  const keys: string[] = []
  for await (const { key } of store.list(PREFIX)) if (key !== own) keys.push(key)
  for (const key of keys) {
    const note = await readNote(store, key)
    if (!note) continue
    if (nowMs - note.renewedMs > DEAD_AFTER_MS) await store.remove(key)
    else found.push(note)
  }
  return found
}

async function readNote(store: ObjectStore, key: string): Promise<Note | undefined> {
  try {
    return JSON.parse(await readText(store, key, 4096)) as Note
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined // it has just left
    throw error
  }
}
