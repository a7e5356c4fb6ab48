import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

/** Columns of /proc/net/softnet_stat, hexadecimal, one line per CPU. */
const COLUMNS = [
  [0, 'processed_total', 'Number of processed packets'],
  [1, 'dropped_total', 'Number of dropped packets'],
  [2, 'times_squeezed_total', 'Number of times processing packets ran out of quota'],
  [8, 'cpu_collision_total', 'Number of collision occur while obtaining device lock while transmitting'],
  [9, 'received_rps_total', 'Number of times cpu woken up received_rps'],
  [10, 'flow_limit_count_total', 'Number of times flow limit has been reached'],
  [11, 'backlog_len', 'Softnet backlog status'],
] as const
const CPU_COLUMN = 12

export const softnet: Collector = {
  name: 'softnet',
  isOnByDefault: true,
  collect({ files, page }) {
    for (const [index, line] of files.lines(files.proc('net/softnet_stat')).entries()) {
      const values = fields(line).map((text) => Number.parseInt(text, 16))
      const cpu = String(values[CPU_COLUMN] ?? index)
      for (const [column, name, help] of COLUMNS) {
        const add = name.endsWith('_total') ? page.counter.bind(page) : page.gauge.bind(page)
        add(`node_softnet_${name}`, help, values[column] ?? 0, { cpu })
      }
    }
  },
}
