import type { RangeInput, RangeOutput } from './functions/range-function.ts'
import type { Checkpoint } from './steps.ts'
import { nextWindowsVersion } from './windows.ts'

/** Samples in all windows together that a function looks at in one go: about ten milliseconds of the slower ones. */
const PART_SAMPLES = 1_000_000

/** Whether a function over these windows would keep everybody waiting. */
export function isLong({ low, high }: { readonly low: Int32Array; readonly high: Int32Array }): boolean {
  // Windows grow and shrink slowly, but a few may hold everything: each counts.
  let samples = 0
  for (let step = 0; step < low.length; step++) samples += high[step] - low[step]
  return samples > PART_SAMPLES
}

/** Runs a function over some steps at a time, and gives way in between. */
export async function runInParts(
  run: (input: RangeInput, output: RangeOutput) => void,
  input: RangeInput,
  output: RangeOutput,
  checkpoint: Checkpoint,
): Promise<void> {
  const { low, high, grid } = input
  for (let from = 0; from < grid.count;) {
    let end = from
    for (let samples = 0; end < grid.count && samples < PART_SAMPLES; end++) samples += high[end] - low[end]
    const startMs = grid.startMs + from * grid.stepMs
    run(
      {
        ...input,
        low: low.subarray(from, end),
        high: high.subarray(from, end),
        grid: { startMs, endMs: startMs + (end - from - 1) * grid.stepMs, stepMs: grid.stepMs, count: end - from },
        windowsVersion: nextWindowsVersion(),
        parameters: input.parameters.map((column) => column.subarray(from, end)),
      },
      { values: output.values.subarray(from, end), present: output.present.subarray(from, end) },
    )
    from = end
    const pause = checkpoint()
    if (pause !== undefined) await pause
  }
}
