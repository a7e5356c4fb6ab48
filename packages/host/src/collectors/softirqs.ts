import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const softirqs: Collector = {
  name: 'softirqs',
  isOnByDefault: false,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('softirqs')).slice(1)) {
      const [label = '', ...counts] = fields(line)
      for (const [cpu, count] of counts.entries()) {
        const labels = { cpu: String(cpu), type: label.slice(0, -1) }
        page.counter('node_softirqs_functions_total', 'Softirq counts per CPU.', Number(count), labels)
      }
    }
  },
}
