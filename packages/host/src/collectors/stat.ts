import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const stat: Collector = {
  name: 'stat',
  isOnByDefault: true,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('stat'))) {
      const [label, first] = fields(line)
      const value = Number(first)
      if (label === 'intr') page.counter('node_intr_total', 'Total number of interrupts serviced.', value)
      else if (label === 'ctxt') page.counter('node_context_switches_total', 'Total number of context switches.', value)
      else if (label === 'processes') page.counter('node_forks_total', 'Total number of forks.', value)
      else if (label === 'btime') page.gauge('node_boot_time_seconds', 'Node boot time, in unixtime.', value)
      else if (label === 'procs_running') {
        page.gauge('node_procs_running', 'Number of processes in runnable state.', value)
      } else if (label === 'procs_blocked') {
        page.gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.', value)
      }
    }
  },
}
