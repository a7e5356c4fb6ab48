import { crc32c } from './crc32c.ts'

/** Names inside a block's directory. */
export const META_FILE = 'meta.json'
export const SECTIONS_FILE = 'sections'

/** A block is written below a name with this suffix and renamed when it is whole. */
export const TEMPORARY_SUFFIX = '.tmp'
/** A block that is being deleted; deletion goes on at the next start. */
export const DELETED_SUFFIX = '.deleted'

/** Every page of a section has its own checksum, so that a part of a section can be read and verified alone. */
export const PAGE_BYTES = 64 << 10

const VERSION = 1

/** What the writer of a block says about it; further keys are the engine's own and come back as they were. */
export interface BlockContent {
  /** Time range of the data, both inclusive, in ms. Retention goes by it. */
  readonly minMs: number
  readonly maxMs: number
  /** Blocks that this one holds the data of: they are removed at the next start if a crash came between. */
  readonly replaces?: readonly string[]
  readonly [key: string]: unknown
}

export interface BlockMeta extends BlockContent {
  readonly version: number
  readonly id: string
  readonly createdMs: number
  readonly sections: readonly SectionMeta[]
}

export interface SectionMeta {
  readonly name: string
  readonly offset: number
  readonly sizeBytes: number
  /** CRC-32C of the section's page checksums, which lie behind its bytes. */
  readonly checksum: number
}

/** A block that cannot be read. `what` names file and place. */
export class CorruptBlockError extends Error {
  override name = 'CorruptBlockError'
}

export function pageCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_BYTES)
}

/** Where a section's page checksums lie, 4 bytes each. */
export function checksumsOffset(section: SectionMeta): number {
  return align(section.offset + section.sizeBytes)
}

/** Sections and checksum tables begin at multiples of 8, so that typed arrays can be laid over them. */
export function align(offset: number): number {
  return Math.ceil(offset / 8) * 8
}

export function encodeMeta(
  content: BlockContent,
  own: Pick<BlockMeta, 'id' | 'createdMs' | 'sections'>,
): Uint8Array<ArrayBuffer> {
  const meta = { ...content, version: VERSION, ...own }
  const checksum = crc32c(Buffer.from(JSON.stringify(meta)))
  return new Uint8Array(Buffer.from(JSON.stringify({ ...meta, checksum }, undefined, 1) + '\n'))
}

/** @throws CorruptBlockError */
export function decodeMeta(bytes: Uint8Array, path: string): BlockMeta {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString())
  } catch (cause) {
    throw new CorruptBlockError(`${path}: not JSON`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null) throw new CorruptBlockError(`${path}: not an object`)
  const { checksum, ...meta } = parsed as BlockMeta & { checksum?: unknown }
  if (typeof meta.version === 'number' && meta.version > VERSION) {
    throw new Error(`${path}: block format version ${meta.version} is newer than this program`)
  }
  if (checksum !== crc32c(Buffer.from(JSON.stringify(meta)))) throw new CorruptBlockError(`${path}: wrong checksum`)
  return Object.freeze(meta as BlockMeta)
}
