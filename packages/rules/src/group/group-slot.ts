import { hashLabels } from '@quartet/model'

/**
 * When in its interval a group is evaluated: groups are spread over it, each always at the same place. Upstream hashes the
 * label set of file and name.
 * @returns milliseconds, below `intervalMs`
 */
export function groupOffsetMs(file: string, name: string, intervalMs: number): number {
  const hash = hashLabels([
    ['file', file],
    ['name', name],
  ])
  return Number((hash % (BigInt(intervalMs) * 1_000_000n)) / 1_000_000n)
}

/** The latest time not after `nowMs` at which a group with this offset is evaluated. */
export function slotBefore(nowMs: number, intervalMs: number, offsetMs: number): number {
  const shifted = nowMs - offsetMs
  return shifted - (((shifted % intervalMs) + intervalMs) % intervalMs) + offsetMs
}
