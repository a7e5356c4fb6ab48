import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { promisify } from 'node:util'
import { pageLines } from './page-columns.ts'
import type { PageColumns } from './page-columns.ts'
import type { PageLines } from '../query/source.ts'

const compress = promisify(zstdCompress)
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const MAX_PAGE_BYTES = 64 << 20
const HEADER_WORDS = 3

/** A page as it lies in memory and in blocks; layout in docs/format/page.md. */
export interface PackedPage {
  readonly count: number
  readonly rawTextBytes: number
  readonly minNs: bigint
  readonly maxNs: bigint
  /** Two zstd frames: the columns, and the text. */
  readonly columns: Uint8Array
  readonly text: Uint8Array
}

export async function packPage(columns: PageColumns, text: Buffer): Promise<PackedPage> {
  const { count } = columns
  const sets = columns.metadataEnds.length
  const words = new Uint32Array(HEADER_WORDS + count * 4 + sets)
  words[0] = count
  words[1] = sets
  words[2] = columns.metadataBytes.length
  let at = HEADER_WORDS
  for (let index = 0; index < count; index++)
    words[at++] = index === 0 ? columns.seconds[0] : columns.seconds[index] - columns.seconds[index - 1]
  words.set(columns.nanos, at)
  at += count
  for (let index = 0; index < count; index++)
    words[at++] = columns.lineEnds[index] - (index === 0 ? 0 : columns.lineEnds[index - 1])
  words.set(columns.metadataOf, at)
  words.set(columns.metadataEnds, at + count)
  const bytes = Buffer.concat([new Uint8Array(words.buffer), columns.metadataBytes])
  const [packedColumns, packedText] = await Promise.all([compress(bytes, LEVEL), compress(text, LEVEL)])
  const timeNs = (index: number): bigint =>
    BigInt(columns.seconds[index]) * 1_000_000_000n + BigInt(columns.nanos[index])
  return {
    count,
    rawTextBytes: text.length,
    minNs: timeNs(0),
    maxNs: timeNs(count - 1),
    columns: packedColumns,
    text: packedText,
  }
}

/** @throws Error when the bytes are not a page */
export function unpackPage(packed: {
  columns: Uint8Array
  text: Uint8Array | undefined
  rawTextBytes: number
}): PageLines {
  const raw = zstdDecompressSync(packed.columns, { maxOutputLength: MAX_PAGE_BYTES })
  const aligned = raw.byteOffset % 4 === 0 ? raw : Buffer.from(raw)
  if (aligned.length < HEADER_WORDS * 4) throw new Error('page is shorter than its header')
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
  const [count, sets, metadataSize] = words
  const columnWords = HEADER_WORDS + count * 4 + sets
  if (columnWords * 4 + metadataSize !== aligned.length) throw new Error('page header does not fit its size')
  const seconds = words.subarray(HEADER_WORDS, HEADER_WORDS + count)
  const lineEnds = words.subarray(HEADER_WORDS + count * 2, HEADER_WORDS + count * 3)
  for (let index = 1; index < count; index++) {
    seconds[index] += seconds[index - 1]
    lineEnds[index] += lineEnds[index - 1]
  }
  if (count > 0 && lineEnds[count - 1] !== packed.rawTextBytes)
    throw new Error('line lengths do not add up to the text')
  const text =
    packed.text === undefined ? Buffer.alloc(0) : zstdDecompressSync(packed.text, { maxOutputLength: MAX_PAGE_BYTES })
  if (packed.text !== undefined && text.length !== packed.rawTextBytes) throw new Error('text has the wrong size')
  return pageLines(
    {
      count,
      seconds,
      nanos: words.subarray(HEADER_WORDS + count, HEADER_WORDS + count * 2),
      lineEnds,
      metadataOf: words.subarray(HEADER_WORDS + count * 3, HEADER_WORDS + count * 4),
      metadataEnds: words.subarray(HEADER_WORDS + count * 4, columnWords),
      metadataBytes: aligned.subarray(columnWords * 4),
    },
    text,
    packed.columns.length + (packed.text?.length ?? 0),
  )
}
