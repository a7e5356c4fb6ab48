import type { Collector } from './collector.ts'
import { fields, NoDataError } from './host-files.ts'

export const udpQueues: Collector = {
  name: 'udp_queues',
  isOnByDefault: true,
  collect({ files, page }) {
    let found = 0
    for (const [path, ip] of [['net/udp', 'v4'] as const, ['net/udp6', 'v6'] as const]) {
      const text = files.optionalText(files.proc(path))
      if (text === undefined) continue
      found++
      const sums = { tx: 0, rx: 0 }
      for (const line of text.split('\n').slice(1)) {
        const [sent = '0', received = '0'] = fields(line)[4]?.split(':') ?? []
        sums.tx += Number.parseInt(sent, 16)
        sums.rx += Number.parseInt(received, 16)
      }
      const help = 'Number of allocated memory in the kernel for UDP datagrams in bytes.'
      for (const queue of ['tx', 'rx'] as const) page.gauge('node_udp_queues', help, sums[queue], { queue, ip })
    }
    if (found === 0) throw new NoDataError('no UDP queues')
  },
}
