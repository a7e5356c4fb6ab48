import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

export const cpuVulnerabilities: Collector = {
  name: 'cpu_vulnerabilities',
  isOnByDefault: false,
  collect({ files, page }) {
    const root = files.sys('devices/system/cpu/vulnerabilities')
    const names = files.names(root)
    if (names.length === 0) throw new NoDataError(`nothing in ${root}`)
    const help =
      'Details of each CPU vulnerability reported by sysfs. The value of the series is an int encoded state of the vulnerability. The same state is stored as a string in the label'
    for (const codename of names) {
      const text = files.optionalText(`${root}/${codename}`)
      if (text === undefined) continue
      const mitigation = /^Mitigation: (.*)$/.exec(text)?.[1]
      const state =
        mitigation !== undefined ? 'mitigation' : /^(Not affected|Vulnerable)/.exec(text)?.[1]?.toLowerCase()
      const labels = { codename, mitigation: mitigation ?? '', state: state ?? 'unknown' }
      page.gauge('node_cpu_vulnerabilities_info', help, 1, labels)
    }
  },
}
