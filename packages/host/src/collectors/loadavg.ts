import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const loadavg: Collector = {
  name: 'loadavg',
  isOnByDefault: true,
  collect({ files, page }) {
    const loads = fields(files.text(files.proc('loadavg')))
    for (const [index, minutes] of [1, 5, 15].entries()) {
      page.gauge(`node_load${minutes}`, `${minutes}m load average.`, Number(loads[index]))
    }
  },
}
