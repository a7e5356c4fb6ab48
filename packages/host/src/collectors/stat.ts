import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'
import type { MetricPage } from './metric-page.ts'

const VECTORS = ['hi', 'timer', 'net_tx', 'net_rx', 'block', 'block_iopoll', 'tasklet', 'sched', 'hrtimer', 'rcu']

export const stat: Collector = {
  name: 'stat',
  isOnByDefault: true,
  collect({ files, option, page }) {
    for (const line of files.lines(files.proc('stat'))) {
      const [label, first, ...rest] = fields(line)
      const value = Number(first)
      if (label === 'intr') page.counter('node_intr_total', 'Total number of interrupts serviced.', value)
      else if (label === 'ctxt') page.counter('node_context_switches_total', 'Total number of context switches.', value)
      else if (label === 'processes') page.counter('node_forks_total', 'Total number of forks.', value)
      else if (label === 'btime') page.gauge('node_boot_time_seconds', 'Node boot time, in unixtime.', value)
      else if (label === 'softirq' && option('stat.softirq') === 'true') addSoftirqs(page, rest)
      else if (label === 'procs_running') {
        page.gauge('node_procs_running', 'Number of processes in runnable state.', value)
      } else if (label === 'procs_blocked') {
        page.gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.', value)
      }
    }
  },
}

function addSoftirqs(page: MetricPage, counts: readonly string[]): void {
  for (const [index, vector] of VECTORS.entries()) {
    page.counter('node_softirqs_total', 'Number of softirq calls.', Number(counts[index] ?? 0), { vector })
  }
}
