/** The steps of a metric query. Times inside the engine are nanoseconds relative to the first step, exact for 104 days. */
export interface Grid {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly count: number
}

export function createGrid(startNs: bigint, endNs: bigint, stepNs: bigint): Grid {
  return { startNs, stepNs, count: stepNs === 0n ? 1 : Number((endNs - startNs) / stepNs) + 1 }
}

export function stepTimeNs(grid: Grid, index: number): bigint {
  return grid.startNs + grid.stepNs * BigInt(index)
}
