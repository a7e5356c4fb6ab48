import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const arp: Collector = {
  name: 'arp',
  isOnByDefault: true,
  collect({ files, page, pattern }) {
    const [included, excluded] = [pattern('arp.device-include'), pattern('arp.device-exclude')]
    const counts = new Map<string, number>()
    for (const line of files.lines(files.proc('net/arp')).slice(1)) {
      const device = fields(line).at(-1)!
      if ((included && !included.test(device)) || excluded?.test(device)) continue
      counts.set(device, (counts.get(device) ?? 0) + 1)
    }
    for (const [device, count] of counts) page.gauge('node_arp_entries', 'ARP entries by device', count, { device })
  },
}
