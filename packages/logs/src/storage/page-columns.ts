import type { Label } from '@quartet/model'
import { metadataPairs } from '@quartet/model'
import type { PageLines } from '../query/source.ts'

/** The columns of a page as plain arrays, before packing and after unpacking. Sorted by time, no repeated lines. */
export interface PageColumns {
  readonly count: number
  readonly seconds: Uint32Array
  readonly nanos: Uint32Array
  readonly lineEnds: Uint32Array
  /** Index into the metadata sets; set 0 is the empty one. */
  readonly metadataOf: Uint32Array
  /** Encoded sets one behind the other; set `i` ends at `metadataEnds[i]`. */
  readonly metadataBytes: Uint8Array
  readonly metadataEnds: Uint32Array
}

/** Adds the text and a cache of decoded metadata sets to a page's columns. */
export function pageLines(columns: PageColumns, text: Buffer, compressedBytes: number): PageLines {
  const decoded: (readonly Label[] | undefined)[] = []
  return {
    count: columns.count,
    seconds: columns.seconds,
    nanos: columns.nanos,
    lineEnds: columns.lineEnds,
    metadataOf: columns.metadataOf,
    text,
    compressedBytes,
    metadata(set) {
      return (decoded[set] ??= metadataPairs(
        columns.metadataBytes,
        set === 0 ? 0 : columns.metadataEnds[set - 1],
        columns.metadataEnds[set],
      ))
    },
  }
}

export function timeNsAt(columns: { seconds: Uint32Array; nanos: Uint32Array }, index: number): bigint {
  return BigInt(columns.seconds[index]) * 1_000_000_000n + BigInt(columns.nanos[index])
}
