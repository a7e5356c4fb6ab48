import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

const METRICS = [
  ['cpu', 'some', 'cpu_waiting', 'Total time in seconds that processes have waited for CPU time'],
  ['io', 'some', 'io_waiting', 'Total time in seconds that processes have waited due to IO congestion'],
  ['io', 'full', 'io_stalled', 'Total time in seconds no process could make progress due to IO congestion'],
  ['memory', 'some', 'memory_waiting', 'Total time in seconds that processes have waited for memory'],
  ['memory', 'full', 'memory_stalled', 'Total time in seconds no process could make progress due to memory congestion'],
  ['irq', 'full', 'irq_stalled', 'Total time in seconds no process could make progress due to IRQ congestion'],
] as const

export const pressure: Collector = {
  name: 'pressure',
  isOnByDefault: true,
  collect({ files, page }) {
    let found = 0
    for (const [resource, kind, name, help] of METRICS) {
      const text = files.optionalText(files.proc('pressure', resource)) ?? ''
      const microseconds = new RegExp(`^${kind} .*total=(\\d+)`, 'm').exec(text)?.[1]
      if (microseconds === undefined) continue
      found++
      page.counter(`node_pressure_${name}_seconds_total`, help, Number(microseconds) / 1000 / 1000)
    }
    if (found === 0) throw new NoDataError('the kernel tells no pressure: it needs 4.20 and CONFIG_PSI')
  },
}
