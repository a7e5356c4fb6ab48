import { parseArgs } from 'node:util'

import { Quartet } from '../../../test/support/quartet.ts'
import { cpuSeconds, memoryOf } from '../process-stats.ts'
import { printTable, round } from '../table.ts'

/** Everything together, as `npm start` runs it: time until ready on a second start, then memory and CPU with nothing to do. */
export async function footprint(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string', default: '60' } } })
  const seconds = Number(values.seconds)
  const first = await Quartet.start()
  await first.stop({ keep: true })
  const started = performance.now()
  // As `npm start` sets it: fewer allocation arenas, less memory between them.
  const quartet = await Quartet.start({ directory: first.directory, env: { MALLOC_ARENA_MAX: '2' } })
  const readyMs = performance.now() - started
  try {
    const atStart = memoryOf(quartet.pid)
    await new Promise((resolve) => setTimeout(resolve, 5000))
    const cpuBefore = cpuSeconds(quartet.pid)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const cpuShare = (cpuSeconds(quartet.pid) - cpuBefore) / seconds
    const idle = memoryOf(quartet.pid)
    printTable(
      `Everything on one machine, idle for ${seconds} s (it scrapes itself)`,
      ['', 'ready after ms', 'RSS at start MB', 'RSS idle MB', 'peak RSS MB', 'CPU % of one core'],
      [
        [
          'quartet up',
          round(readyMs, 0),
          String(atStart.residentMb),
          String(idle.residentMb),
          String(idle.peakMb),
          round(cpuShare * 100, 1),
        ],
      ],
    )
  } finally {
    await quartet.stop()
  }
}
