/** Prometheus refuses ranges with more points per series. */
const maximumPoints = 11_000

export interface StepInput {
  readonly startMs: number
  readonly endMs: number
  /** What the panel's width asks for. */
  readonly intervalMs: number
  /** What the target asks for at least; 0 when it does not. */
  readonly minimumMs: number
  readonly scrapeIntervalMs: number
  readonly intervalFactor?: number
}

export interface Step {
  readonly stepMs: number
  readonly startMs: number
  readonly endMs: number
  readonly rateIntervalMs: number
}

/**
 * The step of a range query, and its range moved to multiples of the step so that a refreshed graph does not wobble.
 * The interval for `rate` is Grafana's: the step plus one scrape, at least four scrapes, so that it never falls
 * between samples.
 */
export function stepOf(input: StepInput): Step {
  const { startMs, endMs, scrapeIntervalMs } = input
  const floorMs = Math.max(1, input.minimumMs, Math.ceil((endMs - startMs) / maximumPoints))
  const stepMs = Math.max(input.intervalMs * (input.intervalFactor ?? 1), floorMs)
  const rateIntervalMs = Math.max(stepMs + scrapeIntervalMs, 4 * scrapeIntervalMs)
  return {
    stepMs,
    startMs: Math.floor(startMs / stepMs) * stepMs,
    endMs: Math.floor(endMs / stepMs) * stepMs,
    rateIntervalMs,
  }
}
