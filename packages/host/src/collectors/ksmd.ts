import type { Collector } from './collector.ts'

const FILES =
  'full_scans merge_across_nodes pages_shared pages_sharing pages_to_scan pages_unshared pages_volatile run sleep_millisecs'

export const ksmd: Collector = {
  name: 'ksmd',
  isOnByDefault: false,
  collect({ files, page }) {
    for (const file of FILES.split(' ')) {
      const value = Number(files.text(files.sys('kernel/mm/ksm', file)))
      const help = `ksmd '${file}' file.`
      if (file === 'full_scans') page.counter('node_ksmd_full_scans_total', help, value)
      else if (file === 'sleep_millisecs') page.gauge('node_ksmd_sleep_seconds', help, value / 1000)
      else page.gauge(`node_ksmd_${file}`, help, value)
    }
  },
}
