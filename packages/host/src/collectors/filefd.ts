import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const filefd: Collector = {
  name: 'filefd',
  isOnByDefault: true,
  collect({ files, page }) {
    const [allocated, , maximum] = fields(files.text(files.proc('sys/fs/file-nr')))
    page.gauge('node_filefd_allocated', 'File descriptor statistics: allocated.', Number(allocated))
    page.gauge('node_filefd_maximum', 'File descriptor statistics: maximum.', Number(maximum))
  },
}
