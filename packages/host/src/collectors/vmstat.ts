import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

const WANTED = /^(oom_kill|pgpg|pswp|pg.*fault).*/

export const vmstat: Collector = {
  name: 'vmstat',
  isOnByDefault: true,
  collect({ files, page, pattern }) {
    const wanted = pattern('vmstat.fields') ?? WANTED
    for (const line of files.lines(files.proc('vmstat'))) {
      const [name = '', value] = fields(line)
      if (!wanted.test(name)) continue
      page.untyped(`node_vmstat_${name}`, `/proc/vmstat information field ${name}.`, Number(value))
    }
  },
}
