import type { Clock } from '@quartet/runtime'
import { nodeFileSystem, verifyData } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backupFileSystem } from './backup-file-system.ts'
import { checked } from './content.ts'
import { listBackups, listObjects, objectKey, readManifest } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { BackupError, ObjectMissingError } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { runInParallel } from './parallel.ts'
import type { Progress } from './progress.ts'
import { openSource } from './source.ts'

export interface VerifyReport {
  /** Each says which backup, file and object it is about. */
  readonly errors: readonly string[]
  /** What a crash leaves and recovery repairs. */
  readonly warnings: readonly string[]
  readonly backups: number
  readonly files: number
  readonly bytes: number
  readonly blocks: number
  readonly segments: number
  readonly records: number
}

interface Findings {
  readonly errors: string[]
  readonly warnings: string[]
  blocks: number
  segments: number
  records: number
}

const PARALLEL_OBJECTS = 4
const DATABASE = /\.db$/

/** Reads every byte of the backups: manifests, hashes, and what the storage kernel says to the blocks and logs in them. */
export async function verifyBackups(options: {
  readonly store: ObjectStore
  /** Default all. */
  readonly id?: string | undefined
  readonly clock: Clock
  readonly progress: Progress
  readonly signal: AbortSignal
}): Promise<VerifyReport> {
  const { progress, signal, store } = options
  const found: Findings = { errors: [], warnings: [], blocks: 0, segments: 0, records: 0 }
  const ids = options.id === undefined ? await listBackups(store) : [options.id]
  const manifests: Manifest[] = []
  for (const id of ids) {
    try {
      manifests.push(await readManifest(store, id))
    } catch (error) {
      if (!(error instanceof BackupError) && !(error instanceof ObjectMissingError)) throw error
      found.errors.push(error instanceof BackupError ? error.message : `there is no backup ${id} in ${store.location}`)
    }
  }
  const objects = new Map<string, { sizeBytes: number; name: string }>()
  for (const { id, systems } of manifests) {
    for (const { service, files } of systems) {
      for (const { path, sha256, sizeBytes } of files) {
        if (!objects.has(sha256)) objects.set(sha256, { sizeBytes, name: `backup ${id}: ${service}/${path}` })
      }
    }
  }
  const bytes = [...objects.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  progress.begin('verify', { files: objects.size, bytes })
  const damaged = new Set<string>()
  const present = await listObjects(store)
  await runInParallel([...objects], PARALLEL_OBJECTS, signal, async ([sha256, { name, sizeBytes }]) => {
    const problem = await verifyObject(store, { sha256, sizeBytes }, present, options)
    if (problem !== undefined) {
      damaged.add(sha256)
      found.errors.push(`${name}: ${problem}`)
    }
    progress.file()
  })
  const seen = new Set<string>()
  for (const manifest of manifests) await verifyContents(store, manifest, { damaged, seen, found, signal })
  progress.end()
  return { ...found, errors: found.errors.sort(), backups: manifests.length, files: objects.size, bytes }
}

async function verifyObject(
  store: ObjectStore,
  object: { readonly sha256: string; readonly sizeBytes: number },
  present: ReadonlyMap<string, number>,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const key = objectKey(object.sha256)
  if (!present.has(object.sha256)) return `${key} is missing`
  try {
    for await (const chunk of checked(key, object, store.read(key))) {
      signal.throwIfAborted()
      progress.bytes(chunk.length)
    }
    return undefined
  } catch (error) {
    if (error instanceof BackupError || error instanceof ObjectMissingError) return error.message
    throw error
  }
}

/** The same block in ten backups is opened once. */
async function verifyContents(
  store: ObjectStore,
  manifest: Manifest,
  context: { damaged: ReadonlySet<string>; seen: Set<string>; found: Findings; signal: AbortSignal },
): Promise<void> {
  const { damaged, found, seen, signal } = context
  for (const system of manifest.systems) {
    const name = `backup ${manifest.id}: ${system.service}`
    // What has lost its bytes has been told about; opening it would only tell the same in other words.
    const files = system.files.filter(({ sha256 }) => !damaged.has(sha256))
    const blockOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
    const broken = new Set(system.files.filter(({ sha256 }) => damaged.has(sha256)).map(({ path }) => blockOf(path)))
    const fresh = files.filter(({ path, sha256 }) => {
      if (path.endsWith('.wal')) return true
      const key = `${system.service}/${path} ${sha256}`
      const isNew = !seen.has(key) && !broken.has(blockOf(path))
      seen.add(key)
      return isNew
    })
    const view = backupFileSystem(store, { ...system, files: fresh })
    await verifyDirectory(view, '/', name, found, signal)
    for (const { path } of fresh.filter((file) => DATABASE.test(file.path))) {
      await verifyDatabase(view, `/${path}`, `${name}/${path}`, found)
    }
  }
}

/** A data directory; while a Quartet runs on it, what it holds now. */
export async function verifyDataDirectory(options: {
  readonly dataDirectory: string
  readonly clock: Clock
  readonly progress: Progress
  readonly signal: AbortSignal
}): Promise<VerifyReport> {
  const { clock, dataDirectory, progress, signal } = options
  const found: Findings = { errors: [], warnings: [], blocks: 0, segments: 0, records: 0 }
  const source = await openSource(dataDirectory, clock.nowMs())
  try {
    const files = source.systems.flatMap((system) => system.files)
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    progress.begin('verify', { files: files.length, bytes })
    for (const { service, directory, files: ofSystem } of source.systems) {
      await verifyDirectory(nodeFileSystem, directory, service, found, signal, progress)
      for (const { path } of ofSystem.filter((file) => DATABASE.test(file.path))) {
        await verifyDatabase(nodeFileSystem, join(directory, path), `${service}/${path}`, found)
      }
    }
    return { ...found, backups: 0, files: files.length, bytes }
  } finally {
    progress.end()
    await source.release()
  }
}

async function verifyDirectory(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  found: Findings,
  signal: AbortSignal,
  progress?: Progress,
): Promise<void> {
  const report = await verifyData(fileSystem, directory, {
    signal,
    onFile({ sizeBytes }) {
      progress?.bytes(sizeBytes)
      progress?.file()
    },
  })
  found.blocks += report.blocks
  found.segments += report.segments
  found.records += report.records
  for (const { severity, path, message } of report.problems) {
    found[severity === 'error' ? 'errors' : 'warnings'].push(`${name}/${path}: ${message}`)
  }
}

/** On a copy: SQLite wants a file of its own, and must not touch this one. */
async function verifyDatabase(fileSystem: FileSystem, path: string, name: string, found: Findings): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite')
  const directory = await mkdtemp(join(tmpdir(), 'quartet-verify-'))
  try {
    for (const suffix of ['', '-wal']) {
      if (!(await fileSystem.stat(path + suffix))) continue
      const copy = await nodeFileSystem.open(join(directory, `copy.db${suffix}`), 'create')
      try {
        await copy.append([await fileSystem.readFile(path + suffix)])
      } finally {
        await copy.close()
      }
    }
    const database = new DatabaseSync(join(directory, 'copy.db'))
    try {
      const rows = database.prepare('pragma integrity_check').all() as { integrity_check: string }[]
      const problems = rows.map((row) => row.integrity_check).filter((text) => text !== 'ok')
      for (const problem of problems) found.errors.push(`${name}: ${problem}`)
    } finally {
      database.close()
    }
  } catch (error) {
    found.errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
