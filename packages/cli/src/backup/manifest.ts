import { createHash } from 'node:crypto'
import { bytesContent, readText } from './content.ts'
import { BackupError, ObjectMissingError } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'

/** Keys, see docs/format/backup.md. */
export const MARKER_KEY = 'quartet-backup.json'
export const BACKUPS_PREFIX = 'backups/'
export const OBJECTS_PREFIX = 'objects/'

const FORMAT = 1

/** One backup: what was where, and which object holds it. Written when everything it names is there. */
export interface Manifest {
  readonly format: number
  readonly id: string
  readonly quartet: string
  /** What was acknowledged before this is in it. */
  readonly startedMs: number
  readonly finishedMs: number
  readonly systems: readonly ManifestSystem[]
}

export interface ManifestSystem {
  readonly service: string
  /** Its directory, relative to the data directory, with `/`. */
  readonly directory: string
  /** What it stands in for, with version. */
  readonly upstream: string
  /** Whether it ran: its files then are a snapshot, else they are what it left. */
  readonly isSnapshot: boolean
  readonly files: readonly ManifestFile[]
}

export interface ManifestFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  /** A file that still has this time and size is taken for unchanged. */
  readonly modifiedMs: number
}

export function objectKey(sha256: string): string {
  return `${OBJECTS_PREFIX}${sha256.slice(0, 2)}/${sha256}`
}

export function manifestKey(id: string): string {
  return `${BACKUPS_PREFIX}${id}.json`
}

/** `20261123T070944123Z-k3f9`, to the millisecond: sorts by time, and two at once differ. */
export function createBackupId(nowMs: number, random: string): string {
  return `${new Date(nowMs).toISOString().replace(/[-:.]/g, '')}-${random}`
}

export function isBackupId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-z]{4,16}$/.test(text)
}

export async function writeManifest(store: ObjectStore, manifest: Manifest): Promise<void> {
  await store.write(manifestKey(manifest.id), bytesContent(Buffer.from(encodeManifest(manifest))))
}

export function encodeManifest(manifest: Manifest): string {
  const text = JSON.stringify(manifest)
  return `{"sha256":"${sha256(text)}",\n"manifest":${text}}\n`
}

/** @throws BackupError when it is damaged, or newer than this program */
export function decodeManifest(text: string, id: string): Manifest {
  let parsed: { sha256?: unknown; manifest?: Manifest } | null
  try {
    parsed = JSON.parse(text) as typeof parsed
  } catch (cause) {
    throw new BackupError(`backup ${id}: its manifest is not JSON`, { cause })
  }
  const manifest = parsed?.manifest
  if (!manifest) throw new BackupError(`backup ${id}: its manifest is damaged`)
  if (manifest.format > FORMAT) {
    throw new BackupError(`backup ${id}: its format ${manifest.format} is newer than this program's (${FORMAT})`)
  }
  if (parsed?.sha256 !== sha256(JSON.stringify(manifest)) || manifest.id !== id) {
    throw new BackupError(`backup ${id}: its manifest is damaged`)
  }
  for (const { service, directory, files } of manifest.systems) {
    for (const path of [service, directory, ...files.map((file) => `${service}/${file.path}`)]) {
      if (!isSafePath(path)) throw new BackupError(`backup ${id}: "${path}" is not a path below a data directory`)
    }
  }
  return manifest
}

/** @throws BackupError · ObjectMissingError */
export async function readManifest(store: ObjectStore, id: string): Promise<Manifest> {
  return decodeManifest(await readText(store, manifestKey(id)), id)
}

/** Ids of the finished backups, oldest first. */
export async function listBackups(store: ObjectStore): Promise<string[]> {
  const ids: string[] = []
  for await (const { key } of store.list(BACKUPS_PREFIX)) {
    const id = key.slice(BACKUPS_PREFIX.length).replace(/\.json$/, '')
    if (key.endsWith('.json') && isBackupId(id)) ids.push(id)
  }
  return ids.sort()
}

/** Sizes of the objects that are there, by hash. */
export async function listObjects(store: ObjectStore): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { key, sizeBytes } of store.list(OBJECTS_PREFIX)) {
    const sha256 = key.slice(key.lastIndexOf('/') + 1)
    if (/^[0-9a-f]{64}$/.test(sha256) && key === objectKey(sha256)) sizes.set(sha256, sizeBytes)
  }
  return sizes
}

/** Which place is a backup's; made by the first backup into an empty one. @returns whether it is one */
export async function isBackupPlace(store: ObjectStore): Promise<boolean> {
  try {
    await readText(store, MARKER_KEY)
    return true
  } catch (error) {
    if (error instanceof ObjectMissingError) return false
    throw error
  }
}

/** @throws BackupError when there is something else */
export async function preparePlace(store: ObjectStore): Promise<void> {
  if (await isBackupPlace(store)) return
  for await (const { key } of store.list('')) {
    throw new BackupError(`${store.location} is not empty and holds no backups (there is ${key}); choose another place`)
  }
  await store.write(MARKER_KEY, bytesContent(Buffer.from(JSON.stringify({ format: FORMAT }) + '\n')))
}

/** @throws BackupError */
export async function requirePlace(store: ObjectStore): Promise<void> {
  if (!(await isBackupPlace(store))) throw new BackupError(`${store.location} holds no backups of Quartet`)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function isSafePath(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part))
}
