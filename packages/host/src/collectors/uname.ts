import { hostname, machine, release, type, version } from 'node:os'
import type { Collector } from './collector.ts'

export const uname: Collector = {
  name: 'uname',
  isOnByDefault: true,
  collect({ files, page }) {
    page.gauge('node_uname_info', 'Labeled system information as provided by the uname system call.', 1, {
      sysname: type(),
      release: release(),
      version: version(),
      machine: machine(),
      nodename: hostname(),
      domainname: files.optionalText(files.proc('sys/kernel/domainname')) ?? '(none)',
    })
  },
}
