import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

const COLUMNS = [
  ['active_objects', 'The number of objects that are currently active (i.e., in use).'],
  ['objects', 'The total number of allocated objects (i.e., objects that are both in use and not in use).'],
  ['object_size_bytes', 'The size of objects in this slab, in bytes.'],
  ['objects_per_slab', 'The number of objects stored in each slab.'],
  ['pages_per_slab', 'The number of pages allocated for each slab.'],
] as const

export const slabinfo: Collector = {
  name: 'slabinfo',
  isOnByDefault: false,
  collect({ files, page, pattern }) {
    const [wanted, unwanted] = [pattern('slabinfo.slabs-include'), pattern('slabinfo.slabs-exclude')]
    for (const line of files.lines(files.proc('slabinfo'))) {
      if (line.startsWith('#') || line.startsWith('slabinfo')) continue
      const [slab = '', ...values] = fields(line)
      if ((wanted && !wanted.test(slab)) || unwanted?.test(slab)) continue
      for (const [column, [name, help]] of COLUMNS.entries()) {
        page.gauge(`node_slabinfo_${name}`, help, Number(values[column]), { slab })
      }
    }
  },
}
