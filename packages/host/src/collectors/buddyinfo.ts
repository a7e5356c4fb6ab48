import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const buddyinfo: Collector = {
  name: 'buddyinfo',
  isOnByDefault: false,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('buddyinfo'))) {
      const [, node = '', zone = '', counts = ''] = /^Node (\d+), zone\s+(\S+)\s+(.*)$/.exec(line) ?? []
      for (const [size, count] of fields(counts).entries()) {
        const labels = { node, zone, size: String(size) }
        page.gauge('node_buddyinfo_blocks', 'Count of free blocks according to size.', Number(count), labels)
      }
    }
  },
}
