import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

const FREQUENCIES = [
  ['cpuinfo_cur_freq', 'node_cpu_frequency_hertz', 'Current CPU thread frequency in hertz.'],
  ['cpuinfo_min_freq', 'node_cpu_frequency_min_hertz', 'Minimum CPU thread frequency in hertz.'],
  ['cpuinfo_max_freq', 'node_cpu_frequency_max_hertz', 'Maximum CPU thread frequency in hertz.'],
  ['scaling_cur_freq', 'node_cpu_scaling_frequency_hertz', 'Current scaled CPU thread frequency in hertz.'],
  ['scaling_min_freq', 'node_cpu_scaling_frequency_min_hertz', 'Minimum scaled CPU thread frequency in hertz.'],
  ['scaling_max_freq', 'node_cpu_scaling_frequency_max_hertz', 'Maximum scaled CPU thread frequency in hertz.'],
] as const

export const cpufreq: Collector = {
  name: 'cpufreq',
  isOnByDefault: true,
  collect({ files, page }) {
    for (const name of files.names(files.sys('devices/system/cpu')).filter((each) => /^cpu\d+$/.test(each))) {
      const path = files.sys('devices/system/cpu', name, 'cpufreq')
      const cpu = name.slice(3)
      for (const [file, metric, help] of FREQUENCIES) {
        const kilohertz = files.optionalNumber(`${path}/${file}`)
        if (kilohertz !== undefined) page.gauge(metric, help, kilohertz * 1000, { cpu })
      }
      const current = files.optionalText(`${path}/scaling_governor`)
      const available = files.optionalText(`${path}/scaling_available_governors`)
      if (current === undefined || available === undefined) continue
      for (const governor of fields(available)) {
        const help = 'Current enabled CPU frequency governor.'
        page.gauge('node_cpu_scaling_governor', help, governor === current ? 1 : 0, { cpu, governor })
      }
    }
  },
}
