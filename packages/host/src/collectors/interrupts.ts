import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const interrupts: Collector = {
  name: 'interrupts',
  isOnByDefault: false,
  collect({ files, option, page, pattern }) {
    const [wanted, unwanted] = [pattern('interrupts.name-include'), pattern('interrupts.name-exclude')]
    const withZeros = option('interrupts.include-zeros') !== 'false'
    const [header = '', ...lines] = files.lines(files.proc('interrupts'))
    const cpuCount = fields(header).length
    for (const line of lines) {
      const [label = '', ...rest] = fields(line)
      // `ERR:` and `MIS:` have one number for all processors, and upstream leaves them out.
      if (rest.length < cpuCount + 1) continue
      const type = label.slice(0, -1)
      const isDevice = /^\d+$/.test(type)
      const info = isDevice ? rest[cpuCount]! : rest.slice(cpuCount).join(' ')
      const devices = isDevice ? rest.slice(cpuCount + 1).join(' ') : ''
      const name = [type, info, devices].join(';')
      if ((wanted && !wanted.test(name)) || unwanted?.test(name)) continue
      for (const [cpu, count] of rest.slice(0, cpuCount).entries()) {
        if (count === '0' && !withZeros) continue
        const labels = { cpu: String(cpu), devices, info, type }
        page.counter('node_interrupts_total', 'Interrupt details.', Number(count), labels)
      }
    }
  },
}
