import type { Collector } from './collector.ts'

const NUMBERS = [
  ['access_cs0', 'access_cs0'],
  ['bootstatus', 'bootstatus'],
  ['fw_version', 'fw_version'],
  ['nowayout', 'nowayout'],
  ['pretimeout', 'pretimeout_seconds'],
  ['timeleft', 'timeleft_seconds'],
  ['timeout', 'timeout_seconds'],
] as const
const INFO = ['identity', 'options', 'pretimeout_governor', 'state', 'status']

export const watchdog: Collector = {
  name: 'watchdog',
  isOnByDefault: true,
  collect({ files, page }) {
    const names = files.existingNames(files.sys('class/watchdog'))
    for (const name of names) {
      for (const [file, metric] of NUMBERS) {
        const value = files.optionalNumber(files.sys('class/watchdog', name, file))
        if (value === undefined) continue
        page.gauge(`node_watchdog_${metric}`, `Value of /sys/class/watchdog/<watchdog>/${file}`, value, { name })
      }
      const info = INFO.map((file) => [file, files.optionalText(files.sys('class/watchdog', name, file)) ?? ''])
      page.gauge('node_watchdog_info', 'Info of /sys/class/watchdog/<watchdog>', 1, {
        name,
        ...Object.fromEntries(info),
      })
    }
  },
}
