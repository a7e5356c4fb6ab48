import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const cgroups: Collector = {
  name: 'cgroups',
  isOnByDefault: false,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('cgroups'))) {
      if (line.startsWith('#')) continue
      const [subsystem = '', , count, enabled] = fields(line)
      const labels = { subsys_name: subsystem }
      const help = 'Current cgroup number of the subsystem.'
      page.gauge('node_cgroups_cgroups', help, Number(count), labels)
      page.gauge('node_cgroups_enabled', help, Number(enabled), labels)
    }
  },
}
