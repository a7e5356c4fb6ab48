import { createHash } from 'node:crypto'

/** What stands for a group where a key of limited length is wanted: SHA-256 in hexadecimal. */
export function hashKey(groupKey: string): string {
  return createHash('sha256').update(groupKey).digest('hex')
}
