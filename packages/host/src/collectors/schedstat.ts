import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const schedstat: Collector = {
  name: 'schedstat',
  isOnByDefault: true,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('schedstat'))) {
      const [label = '', ...values] = fields(line)
      const cpu = /^cpu(\d+)$/.exec(label)?.[1]
      if (cpu === undefined) continue
      const add = (name: string, help: string, value: number): void =>
        page.counter(`node_schedstat_${name}_total`, help, value, { cpu })
      add('running_seconds', 'Number of seconds CPU spent running a process.', Number(values[6]) / 1e9)
      add('waiting_seconds', 'Number of seconds spent by processing waiting for this CPU.', Number(values[7]) / 1e9)
      add('timeslices', 'Number of timeslices executed by CPU.', Number(values[8]))
    }
  },
}
