/**
 * The steps of a metrics query. Interval i holds the times in (start + i·step, start + (i+1)·step] and is written with its end,
 * as upstream's since 2.8; only a range that begins at 0 holds its first instant too.
 */
export interface Intervals {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly count: number
}

export function createIntervals(startNs: bigint, endNs: bigint, stepNs: bigint): Intervals {
  if (stepNs <= 0n || endNs <= startNs) return { startNs, stepNs: 0n, count: 0 }
  return { startNs, stepNs, count: Number((endNs - startNs + stepNs - 1n) / stepNs) }
}

/** The interval of a time, or -1. */
export function intervalOf({ count, startNs, stepNs }: Intervals, timeNs: bigint): number {
  if (count === 0 || timeNs < startNs) return -1
  if (timeNs === startNs) return startNs === 0n ? 0 : -1
  const index = Number((timeNs - startNs - 1n) / stepNs)
  return index < count ? index : -1
}

export function endOfIntervalMs({ startNs, stepNs }: Intervals, index: number): bigint {
  return (startNs + BigInt(index + 1) * stepNs) / 1_000_000n
}
