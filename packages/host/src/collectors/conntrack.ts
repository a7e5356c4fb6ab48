import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

const STATISTICS: Readonly<Record<string, string>> = {
  found: 'Number of searched entries which were successful.',
  invalid: 'Number of packets seen which can not be tracked.',
  ignore: 'Number of packets seen which are already connected to a conntrack entry.',
  insert: 'Number of entries inserted into the list.',
  insert_failed: 'Number of entries for which list insertion was attempted but failed.',
  drop: 'Number of packets dropped due to conntrack failure.',
  early_drop: 'Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.',
  search_restart: 'Number of conntrack table lookups which had to be restarted due to hashtable resizes.',
}

export const conntrack: Collector = {
  name: 'conntrack',
  isOnByDefault: true,
  collect({ files, page }) {
    const read = (name: string): number => Number(files.text(files.proc('sys/net/netfilter', name)))
    page.gauge(
      'node_nf_conntrack_entries',
      'Number of currently allocated flow entries for connection tracking.',
      read('nf_conntrack_count'),
    )
    page.gauge(
      'node_nf_conntrack_entries_limit',
      'Maximum size of connection tracking table.',
      read('nf_conntrack_max'),
    )
    // One line of hexadecimal numbers per CPU below the names.
    const [head = '', ...lines] = files.lines(files.proc('net/stat/nf_conntrack'))
    const names = fields(head)
    const rows = lines.map((line) => fields(line))
    for (const [name, help] of Object.entries(STATISTICS)) {
      const column = names.indexOf(name)
      const sum = rows.reduce((total, row) => total + Number.parseInt(row[column] ?? '0', 16), 0)
      page.gauge(`node_nf_conntrack_stat_${name}`, help, sum)
    }
  },
}
