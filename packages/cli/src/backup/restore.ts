import type { Clock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { dirname, join } from 'node:path'
import { lockDataDirectory } from '../data-lock.ts'
import { isControlled } from '../supervisor/control-socket.ts'
import { RESTORE_DIRECTORY } from '../unfinished-restore.ts'
import { checked, readFileChunks, sha256Of } from './content.ts'
import { listObjects, objectKey } from './manifest.ts'
import type { Manifest, ManifestFile, ManifestSystem } from './manifest.ts'
import { BackupError } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { runInParallel } from './parallel.ts'
import type { Progress } from './progress.ts'

export interface RestoreOptions {
  readonly store: ObjectStore
  readonly manifest: Manifest
  readonly dataDirectory: string
  /** Services; default all of the backup. */
  readonly only?: readonly string[]
  readonly clock: Clock
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface RestoreSummary {
  readonly systems: readonly RestoredSystem[]
  readonly seconds: number
}

export interface RestoredSystem {
  readonly service: string
  readonly files: number
  readonly bytes: number
  /** What an interrupted restore had written already. */
  readonly keptFiles: number
}

/** What a restore in progress is of; another one must not go on with it. */
interface State {
  readonly backup: string
  readonly services: readonly string[]
}

const fileSystem = nodeFileSystem
const STATE_FILE = 'restore.json'
const PARALLEL_FILES = 4
/** What may lie in an empty data directory. */
const OWN_FILES = /^(quartet\.(lock|sock).*|lost\+found|.*\.deleted)$/
const DONE_SUFFIX = '.deleted'

/**
 * Writes a backup into an empty data directory. Everything is written below `restore.part`, every hash is checked, and only when all
 * is there are the systems' directories moved to their places; no Quartet starts in between. An interrupted restore goes on.
 * @throws BackupError with every problem · DataDirectoryInUseError
 */
export async function restore(options: RestoreOptions): Promise<RestoreSummary> {
  const { clock, dataDirectory, manifest, progress } = options
  const began = clock.monotonicMs()
  const systems = selectSystems(manifest, options.only)
  if (await isControlled(dataDirectory)) throw new BackupError(`a Quartet runs on ${dataDirectory}; stop it first`)
  const lock = await lockDataDirectory(dataDirectory)
  try {
    const part = join(dataDirectory, RESTORE_DIRECTORY)
    const moved = await begin(options, part, systems)
    const missing = systems.filter(({ service }) => !moved.includes(service))
    await refuseIncomplete(options.store, missing)
    const restored = await writeSystems(options, part, missing)
    for (const { service, directory } of missing) {
      const parent = dirname(join(dataDirectory, directory))
      await fileSystem.makeDirectory(parent)
      await fileSystem.rename(join(part, service), join(dataDirectory, directory))
      for (let path = parent; path.length >= dataDirectory.length; path = dirname(path)) {
        await fileSystem.syncDirectory(path)
      }
    }
    // In one step: half of it would look unfinished.
    await fileSystem.rename(part, part + DONE_SUFFIX)
    await fileSystem.syncDirectory(dataDirectory)
    await fileSystem.removeDirectory(part + DONE_SUFFIX)
    const earlier = systems.filter(({ service }) => moved.includes(service))
    return {
      systems: [...restored, ...earlier.map((system) => ({ ...sizeOf(system), keptFiles: system.files.length }))],
      seconds: (clock.monotonicMs() - began) / 1000,
    }
  } finally {
    progress.end()
    await lock.release()
  }
}

function selectSystems(manifest: Manifest, only: readonly string[] | undefined): readonly ManifestSystem[] {
  if (!only) return manifest.systems
  const there = manifest.systems.map(({ service }) => service)
  const unknown = only.filter((service) => !there.includes(service))
  if (unknown.length > 0) {
    throw new BackupError(`backup ${manifest.id} holds ${there.join(', ')}, but not ${unknown.join(', ')}`)
  }
  return manifest.systems.filter(({ service }) => only.includes(service))
}

/** @returns the systems that are in their places already */
async function begin(
  { dataDirectory, manifest }: RestoreOptions,
  part: string,
  systems: readonly ManifestSystem[],
): Promise<readonly string[]> {
  const state: State = { backup: manifest.id, services: systems.map(({ service }) => service) }
  const text = JSON.stringify(state)
  const statePath = join(part, STATE_FILE)
  const names = (await fileSystem.list(dataDirectory)).filter((name) => !OWN_FILES.test(name))
  const others = names.filter((name) => name !== RESTORE_DIRECTORY)
  if (await fileSystem.stat(statePath)) {
    const found = JSON.parse(Buffer.from(await fileSystem.readFile(statePath)).toString()) as State
    if (JSON.stringify(found) !== text) {
      const what = `backup ${found.backup} (${found.services.join(', ')})`
      throw new BackupError(`${part} is an unfinished restore of ${what}: finish that one, or remove the directory`)
    }
    // They are moved last: one that does not wait here any more and is in its place was moved.
    const waiting = await fileSystem.list(part)
    const moved: string[] = []
    const expected = new Set<string>()
    for (const { service, directory } of systems) {
      expected.add(directory.split('/')[0]!)
      if (!waiting.includes(service) && (await fileSystem.stat(join(dataDirectory, directory)))) moved.push(service)
    }
    if (others.every((name) => expected.has(name))) return moved
  }
  if (others.length > 0) {
    throw new BackupError(`${dataDirectory} is not empty (${others.join(', ')}); restore only writes into an empty one`)
  }
  await fileSystem.makeDirectory(part)
  await writeFile(`${statePath}.part`, [Buffer.from(text)])
  await fileSystem.rename(`${statePath}.part`, statePath)
  await fileSystem.syncDirectory(part)
  await fileSystem.syncDirectory(dataDirectory)
  return []
}

/** Says all that is missing before anything is written. */
async function refuseIncomplete(store: ObjectStore, systems: readonly ManifestSystem[]): Promise<void> {
  const present = await listObjects(store)
  const problems: string[] = []
  for (const { service, files } of systems) {
    for (const { path, sha256, sizeBytes } of files) {
      const found = present.get(sha256)
      if (found === undefined) problems.push(`${service}/${path}: ${objectKey(sha256)} is missing`)
      else if (found !== sizeBytes) {
        problems.push(`${service}/${path}: ${objectKey(sha256)} has ${found} bytes instead of ${sizeBytes}`)
      }
    }
  }
  if (problems.length > 0) throw new BackupError(problems)
}

async function writeSystems(
  options: RestoreOptions,
  part: string,
  systems: readonly ManifestSystem[],
): Promise<RestoredSystem[]> {
  const { progress, signal, store } = options
  const sizes = systems.map(sizeOf)
  progress.begin('restore', {
    files: sizes.reduce((sum, { files }) => sum + files, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  })
  const restored: RestoredSystem[] = []
  const damaged: string[] = []
  for (const system of systems) {
    const directory = join(part, system.service)
    await fileSystem.makeDirectory(directory)
    let keptFiles = 0
    await runInParallel(system.files, PARALLEL_FILES, signal, async (file) => {
      const path = join(directory, file.path)
      if (await isThere(path, file)) {
        keptFiles++
        progress.bytes(file.sizeBytes)
      } else {
        const problem = await fetchFile(store, file, path, { progress, signal })
        // All of them are told at once: who has lost one object wants to know which others.
        if (problem !== undefined) damaged.push(`${system.service}/${file.path}: ${problem}`)
      }
      progress.file()
    })
    await syncDirectories(directory, system.files)
    restored.push({ ...sizeOf(system), keptFiles })
  }
  if (damaged.length > 0) throw new BackupError(damaged)
  await fileSystem.syncDirectory(part)
  return restored
}

/** @returns what is wrong with the object, after which nothing of it is left */
async function fetchFile(
  store: ObjectStore,
  file: ManifestFile,
  path: string,
  { progress, signal }: Pick<RestoreOptions, 'progress' | 'signal'>,
): Promise<string | undefined> {
  const key = objectKey(file.sha256)
  await fileSystem.makeDirectory(dirname(path))
  const temporary = `${path}.part`
  const read = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of store.read(key)) {
      signal.throwIfAborted()
      yield chunk
      progress.bytes(chunk.length)
    }
  }
  try {
    await writeFile(temporary, checked(key, file, read()))
  } catch (error) {
    await fileSystem.removeFile(temporary)
    if (error instanceof BackupError) return error.message
    throw error
  }
  await fileSystem.rename(temporary, path)
  return undefined
}

async function isThere(path: string, file: ManifestFile): Promise<boolean> {
  if ((await fileSystem.stat(path))?.sizeBytes !== file.sizeBytes) return false
  return (await sha256Of(readFileChunks(fileSystem, path, file.sizeBytes))) === file.sha256
}

async function writeFile(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await fileSystem.open(path, 'create')
  try {
    for await (const chunk of chunks) await handle.append([chunk])
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncDirectories(directory: string, files: readonly ManifestFile[]): Promise<void> {
  const directories = new Set([directory])
  for (const { path } of files) {
    for (let at = dirname(join(directory, path)); at.length > directory.length; at = dirname(at)) directories.add(at)
  }
  for (const path of [...directories].sort((a, b) => b.length - a.length)) await fileSystem.syncDirectory(path)
}

function sizeOf({ service, files }: ManifestSystem): { service: string; files: number; bytes: number } {
  return { service, files: files.length, bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}
