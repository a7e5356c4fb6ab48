import type { Clock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import type { DataFile } from '@quartet/storage'
import { join } from 'node:path'
import { readFileChunks, sha256Of } from './content.ts'
import {
  createBackupId,
  listBackups,
  listObjects,
  objectKey,
  preparePlace,
  readManifest,
  writeManifest,
} from './manifest.ts'
import type { Manifest, ManifestFile, ManifestSystem } from './manifest.ts'
import { BackupError } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { enter } from './presence.ts'
import type { Progress } from './progress.ts'
import { runInParallel } from './parallel.ts'
import { openSource } from './source.ts'
import type { DataSource, SourceSystem } from './source.ts'

export interface BackupOptions {
  readonly store: ObjectStore
  readonly dataDirectories: readonly string[]
  readonly quartet: string
  readonly clock: Clock
  readonly progress: Progress
  readonly signal: AbortSignal
  /** Four or more characters [0-9a-z] that tell two backups of one second apart. */
  readonly random: string
  /** Reads files again that look unchanged since the last backup. */
  readonly rehash?: boolean
}

export interface BackupSummary {
  readonly id: string
  readonly systems: readonly SystemSummary[]
  readonly seconds: number
}

export interface SystemSummary {
  readonly service: string
  readonly isSnapshot: boolean
  readonly files: number
  readonly bytes: number
  /** What the store did not have yet. */
  readonly newFiles: number
  readonly newBytes: number
}

/** How many files at once: hides the way to an object store and back. Each holds at most one part in memory. */
const PARALLEL_FILES = 4

/**
 * Copies what is not in the store yet, then writes the manifest: only that makes it a backup. What an interrupted one has copied is
 * found by the next.
 * @throws BackupError
 */
export async function createBackup(options: BackupOptions): Promise<BackupSummary> {
  const { store, clock, signal } = options
  const began = clock.monotonicMs()
  await preparePlace(store)
  const id = createBackupId(clock.nowMs(), options.random)
  const presence = await enter({ store, id, activity: 'backup', clock })
  const sources: DataSource[] = []
  try {
    const known = await knownFiles(store)
    const present = await listObjects(store)
    const startedMs = clock.nowMs()
    for (const directory of options.dataDirectories) {
      signal.throwIfAborted()
      sources.push(await openSource(directory, clock.nowMs()))
    }
    const systems = sources.flatMap((source) => source.systems)
    refuseTwins(systems)
    if (systems.length === 0)
      throw new BackupError(`there is nothing to back up in ${options.dataDirectories.join(', ')}`)
    const run = new Run(options, { known, present })
    const manifest: Manifest = {
      format: 1,
      id,
      quartet: options.quartet,
      startedMs,
      systems: await run.copy(systems),
      finishedMs: clock.nowMs(),
    }
    await checkPresence(store, manifest)
    await writeManifest(store, manifest)
    return { id, systems: run.summaries, seconds: (clock.monotonicMs() - began) / 1000 }
  } finally {
    options.progress.end()
    for (const source of sources) await source.release()
    await presence.leave()
  }
}

/** Files of the last backup that is readable, by service and path. */
async function knownFiles(store: ObjectStore): Promise<Map<string, ManifestFile>> {
  const known = new Map<string, ManifestFile>()
  for (const id of (await listBackups(store)).reverse()) {
    let manifest: Manifest
    try {
      manifest = await readManifest(store, id)
    } catch (error) {
      // Without it files are read again, nothing worse; `verify` tells about it.
      if (error instanceof BackupError) continue
      throw error
    }
    for (const { service, files } of manifest.systems)
      for (const file of files) known.set(`${service}/${file.path}`, file)
    break
  }
  return known
}

function refuseTwins(systems: readonly SourceSystem[]): void {
  const seen = new Set<string>()
  for (const { service } of systems) {
    if (seen.has(service)) throw new BackupError(`${service} is in two of the data directories`)
    seen.add(service)
  }
}

/** What a manifest names must be there: the last look before it says so. */
async function checkPresence(store: ObjectStore, manifest: Manifest): Promise<void> {
  const present = await listObjects(store)
  for (const { service, files } of manifest.systems) {
    for (const { path, sha256, sizeBytes } of files) {
      if (present.get(sha256) === sizeBytes) continue
      throw new BackupError(`${store.location} has lost ${objectKey(sha256)} (${service}/${path}) during the backup`)
    }
  }
}

class Run {
  summaries: readonly SystemSummary[] = []
  readonly #options: BackupOptions
  readonly #known: ReadonlyMap<string, ManifestFile>
  readonly #present: Map<string, number>
  /** By hash: two files may be the same, at the same time. */
  readonly #writing = new Map<string, Promise<void>>()

  constructor(
    options: BackupOptions,
    found: { readonly known: ReadonlyMap<string, ManifestFile>; readonly present: Map<string, number> },
  ) {
    this.#options = options
    this.#known = found.known
    this.#present = found.present
  }

  async copy(systems: readonly SourceSystem[]): Promise<ManifestSystem[]> {
    const { progress, signal } = this.#options
    const all = systems.flatMap(({ files }) => files)
    progress.begin('backup', { files: all.length, bytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) })
    const result: ManifestSystem[] = []
    const summaries: SystemSummary[] = []
    for (const { service, upstream, isSnapshot, place, directory, files } of systems) {
      const summary = { service, isSnapshot, files: files.length, bytes: 0, newFiles: 0, newBytes: 0 }
      const copied: ManifestFile[] = Array.from({ length: files.length })
      await runInParallel(files, PARALLEL_FILES, signal, async (file, index) => {
        const { entry, isNew } = await this.#copyFile(service, directory, file)
        copied[index] = entry
        summary.bytes += entry.sizeBytes
        summary.newFiles += isNew ? 1 : 0
        summary.newBytes += isNew ? entry.sizeBytes : 0
        progress.file()
      })
      result.push({ service, upstream, isSnapshot, directory: place, files: copied })
      summaries.push(summary)
    }
    this.summaries = summaries
    return result
  }

  async #copyFile(
    service: string,
    directory: string,
    file: DataFile,
  ): Promise<{ entry: ManifestFile; isNew: boolean }> {
    const { progress, signal, store } = this.#options
    const { path, sizeBytes, modifiedMs } = file
    const source = join(directory, path)
    const sha256 = this.#unchanged(service, file) ?? (await sha256Of(readFileChunks(nodeFileSystem, source, sizeBytes)))
    const entry = { path, sizeBytes, sha256, modifiedMs }
    signal.throwIfAborted()
    if (this.#present.get(sha256) === sizeBytes) {
      progress.bytes(sizeBytes)
      return { entry, isNew: false }
    }
    const twin = this.#writing.get(sha256)
    const writing =
      twin ??
      store.write(objectKey(sha256), {
        sizeBytes,
        sha256,
        read: () => counted(readFileChunks(nodeFileSystem, source, sizeBytes), progress, signal),
      })
    this.#writing.set(sha256, writing)
    await writing
    this.#present.set(sha256, sizeBytes)
    return { entry, isNew: twin === undefined }
  }

  /** The hash of a file that never changes once it has its name, as the last backup found it. */
  #unchanged(service: string, file: DataFile): string | undefined {
    if (this.#options.rehash || file.kind === 'other' || file.isGrowing) return undefined
    const known = this.#known.get(`${service}/${file.path}`)
    if (known?.sizeBytes !== file.sizeBytes || known.modifiedMs !== file.modifiedMs) return undefined
    return known.sha256
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
    progress.bytes(chunk.length)
  }
}
