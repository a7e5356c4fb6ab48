import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const netdev: Collector = {
  name: 'netdev',
  isOnByDefault: true,
  collect({ files, page, pattern }) {
    const [included, excluded] = [pattern('netdev.device-include'), pattern('netdev.device-exclude')]
    const [, head = '', ...lines] = files.lines(files.proc('net/dev'))
    const [, receive = '', transmit = ''] = head.split('|')
    const names = [
      ...fields(receive).map((name) => `receive_${name}`),
      ...fields(transmit).map((name) => `transmit_${name}`),
    ]
    for (const line of lines) {
      const colon = line.lastIndexOf(':')
      const device = line.slice(0, colon).trim()
      if ((included && !included.test(device)) || excluded?.test(device)) continue
      const values = fields(line.slice(colon + 1))
      const add = (name: string, value: number): void =>
        page.counter(`node_network_${name}_total`, `Network device statistic ${name}.`, value, { device })
      for (const [index, name] of names.entries()) add(name, Number(values[index]))
      const unhandled = files.optionalNumber(files.sys('class/net', device, 'statistics/rx_nohandler'))
      if (unhandled !== undefined) add('receive_nohandler', unhandled)
    }
  },
}
