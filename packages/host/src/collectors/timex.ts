import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

/** Listed so that asking for it is answered: its data comes from a system call alone, which Node does not offer. */
export const timex: Collector = {
  name: 'timex',
  isOnByDefault: false,
  collect() {
    throw new NoDataError('node_timex_* needs the adjtimex system call, which Node.js does not offer')
  },
}
