import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

/** `mem` counts pages, which are this large where Node runs. */
const PAGE_BYTES = 4096

export const sockstat: Collector = {
  name: 'sockstat',
  isOnByDefault: true,
  collect({ files, page }) {
    const text = files.text(files.proc('net/sockstat')) + (files.optionalText(files.proc('net/sockstat6')) ?? '')
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const [head = '', ...pairs] = fields(line)
      const protocol = head.slice(0, -1)
      for (let index = 0; index + 1 < pairs.length; index += 2) {
        const [name = '', value] = [pairs[index], Number(pairs[index + 1])]
        if (protocol === 'sockets') {
          page.gauge('node_sockstat_sockets_used', 'Number of IPv4 sockets in use.', value)
          continue
        }
        const add = (state: string, number: number): void =>
          page.gauge(`node_sockstat_${protocol}_${state}`, `Number of ${protocol} sockets in state ${state}.`, number)
        add(name, value)
        if (name === 'mem') add('mem_bytes', value * PAGE_BYTES)
      }
    }
  },
}
