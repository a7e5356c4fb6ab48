import { xxhash64 } from './xxhash64.ts'

/**
 * When in its interval a group is evaluated: groups are spread over it, each always at the same place. Upstream hashes the label
 * set of file and name, which it keeps as one text of sizes and strings.
 * @returns milliseconds, below `intervalMs`
 */
export function groupOffsetMs(file: string, name: string, intervalMs: number): number {
  const packed = Buffer.concat(['file', file, 'name', name].map(sized))
  return Number((xxhash64(packed) % (BigInt(intervalMs) * 1_000_000n)) / 1_000_000n)
}

/** The latest time not after `nowMs` at which a group with this offset is evaluated. */
export function slotBefore(nowMs: number, intervalMs: number, offsetMs: number): number {
  const shifted = nowMs - offsetMs
  return shifted - (((shifted % intervalMs) + intervalMs) % intervalMs) + offsetMs
}

/** Sizes are one byte, or 255 and three bytes. Source: model/labels/labels_stringlabels.go. */
function sized(text: string): Buffer {
  const bytes = Buffer.from(text)
  const size = bytes.length < 255 ? Buffer.of(bytes.length) : Buffer.alloc(4, 255)
  if (size.length > 1) size.writeUIntLE(bytes.length, 1, 3)
  return Buffer.concat([size, bytes])
}
