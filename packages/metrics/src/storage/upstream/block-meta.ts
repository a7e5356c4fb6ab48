import { join } from 'node:path'
import { isUlid } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { UpstreamFormatError } from './format-error.ts'

export const META_FILE = 'meta.json'
const VERSION = 1

/** `meta.json` of upstream's blocks, as far as it is used. Times in ms; `maxTime` is exclusive. */
export interface UpstreamMeta {
  readonly ulid: string
  readonly minTime: number
  readonly maxTime: number
  readonly stats: {
    readonly numSamples?: number
    readonly numFloatSamples?: number
    readonly numHistogramSamples?: number
    readonly numSeries?: number
    readonly numChunks?: number
    readonly numTombstones?: number
  }
  readonly compaction: {
    readonly level: number
    readonly sources?: readonly string[]
    readonly parents?: readonly { readonly ulid: string }[]
    readonly deletable?: boolean
    readonly hints?: readonly string[]
  }
  readonly version: number
}

export interface UpstreamBlock {
  readonly path: string
  readonly meta: UpstreamMeta
}

/**
 * The blocks of a Prometheus data directory by the time where they begin. Left out, as Prometheus does at its start: unfinished ones, and
 * those that were merged into another but are not deleted yet.
 * @throws UpstreamFormatError when a block cannot be read
 */
export async function listUpstreamBlocks(fileSystem: FileSystem, directory: string): Promise<UpstreamBlock[]> {
  const found: UpstreamBlock[] = []
  for (const name of await fileSystem.list(directory)) {
    if (!isUlid(name)) continue
    const path = join(directory, name)
    if (!(await fileSystem.stat(join(path, META_FILE)))) continue
    found.push({ path, meta: parseMeta(await fileSystem.readFile(join(path, META_FILE)), join(path, META_FILE)) })
  }
  const merged = new Set<string>()
  for (const { meta } of found) {
    if (meta.compaction.deletable) merged.add(meta.ulid)
    for (const { ulid } of meta.compaction.parents ?? []) merged.add(ulid)
  }
  return found
    .filter(({ meta }) => !merged.has(meta.ulid))
    .sort((a, b) => a.meta.minTime - b.meta.minTime || (a.meta.ulid < b.meta.ulid ? -1 : 1))
}

/** @throws UpstreamFormatError */
export function parseMeta(bytes: Uint8Array, path: string): UpstreamMeta {
  let meta: Partial<UpstreamMeta> | null
  try {
    meta = JSON.parse(Buffer.from(bytes).toString()) as Partial<UpstreamMeta> | null
  } catch (cause) {
    throw new UpstreamFormatError(`${path}: not JSON`, { cause })
  }
  if (meta?.version !== VERSION) throw new UpstreamFormatError(`${path}: unexpected meta file version ${meta?.version}`)
  if (typeof meta.ulid !== 'string' || !Number.isSafeInteger(meta.minTime) || !Number.isSafeInteger(meta.maxTime)) {
    throw new UpstreamFormatError(`${path}: ulid, minTime or maxTime is missing`)
  }
  return { stats: {}, ...meta, compaction: { level: 1, ...meta.compaction } } as UpstreamMeta
}

export function formatMeta(meta: UpstreamMeta): Uint8Array {
  return Buffer.from(JSON.stringify(meta, undefined, '\t'))
}
