import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

/** By the kernel's numbers from 1. Source: include/net/tcp_states.h. */
const STATES =
  'established syn_sent syn_recv fin_wait1 fin_wait2 time_wait close close_wait last_ack listen closing'.split(' ')

/** Upstream asks netlink; the files say the same, at more cost where connections are very many, and it is off by default. */
export const tcpstat: Collector = {
  name: 'tcpstat',
  isOnByDefault: false,
  collect({ files, page }) {
    const counts = new Map<string, number>()
    const add = (state: string, value: number): void => void counts.set(state, (counts.get(state) ?? 0) + value)
    const lines = files.lines(files.proc('net/tcp')).slice(1)
    const six = (files.optionalText(files.proc('net/tcp6')) ?? '').split('\n').slice(1)
    for (const line of [...lines, ...six]) {
      const [, , , state = '', queues = ''] = fields(line)
      const [sent = '0', received = '0'] = queues.split(':')
      add(STATES[Number.parseInt(state, 16) - 1] ?? 'unknown', 1)
      add('tx_queued_bytes', Number.parseInt(sent, 16))
      add('rx_queued_bytes', Number.parseInt(received, 16))
    }
    for (const [state, value] of counts) {
      page.gauge('node_tcp_connection_states', 'Number of connection states.', value, { state })
    }
  },
}
