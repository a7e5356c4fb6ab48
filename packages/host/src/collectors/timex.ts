import { existsSync } from 'node:fs'
import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

/**
 * All but one of these come from the `adjtimex` system call alone, which Node does not offer. Whether the clock is synchronised
 * is also told by the file that systemd-timesyncd touches.
 */
export const timex: Collector = {
  name: 'timex',
  isOnByDefault: true,
  collect({ files, page }) {
    const directory = files.root('run/systemd/timesync')
    if (!existsSync(directory)) {
      throw new NoDataError(`node_timex_* needs the adjtimex system call, and there is no ${directory} either`)
    }
    const help = 'Is clock synchronized to a reliable server (1 = yes, 0 = no).'
    page.gauge('node_timex_sync_status', help, existsSync(`${directory}/synchronized`) ? 1 : 0)
  },
}
