import type { Collector } from './collector.ts'

export const meminfo: Collector = {
  name: 'meminfo',
  isOnByDefault: true,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('meminfo'))) {
      const [, key = '', number = '', unit] = /^(.+?):\s+(\d+)(?: (kB))?$/.exec(line) ?? []
      if (key === '') continue
      const name = key.replace(/\((.*)\)/, '_$1') + (unit ? '_bytes' : '')
      const value = Number(number) * (unit ? 1024 : 1)
      page.gauge(`node_memory_${name}`, `Memory information field ${name}.`, value)
    }
  },
}
