import type { Labels } from './labels.ts'
import { xxhash64 } from './xxhash64.ts'

/**
 * Upstream's hash of a label set: xxHash64 over each name and value with its size before it, in one byte, or in three behind 255. What is chosen or
 * placed by it is chosen and placed as there. Source: model/labels/labels_stringlabels.go.
 */
export function hashLabels(labels: Labels): bigint {
  return xxhash64(Buffer.concat(labels.flatMap((label) => label.map(sized))))
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text)
  const size = bytes.length < 255 ? Buffer.of(bytes.length) : Buffer.alloc(4, 255)
  if (size.length > 1) size.writeUIntLE(bytes.length, 1, 3)
  return Buffer.concat([size, bytes])
}
