import type { Collector } from './collector.ts'

export const entropy: Collector = {
  name: 'entropy',
  isOnByDefault: true,
  collect({ files, page }) {
    const read = (name: string): number => Number(files.text(files.proc('sys/kernel/random', name)))
    page.gauge('node_entropy_available_bits', 'Bits of available entropy.', read('entropy_avail'))
    page.gauge('node_entropy_pool_size_bits', 'Bits of entropy pool.', read('poolsize'))
  },
}
