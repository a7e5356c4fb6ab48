import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const time: Collector = {
  name: 'time',
  isOnByDefault: true,
  collect({ files, nowMs, page }) {
    const now = nowMs()
    page.gauge('node_time_seconds', 'System time in seconds since epoch (1970).', now / 1000)
    const date = new Date(now)
    const offset = -date.getTimezoneOffset() * 60
    page.gauge('node_time_zone_offset_seconds', 'System time zone offset in seconds.', offset, {
      time_zone: zone(date),
    })
    const root = files.sys('devices/system/clocksource')
    for (const name of files.names(root).filter((each) => /^clocksource\d+$/.test(each))) {
      const device = name.slice('clocksource'.length)
      for (const clocksource of fields(files.optionalText(`${root}/${name}/available_clocksource`) ?? '')) {
        const help = "Available clocksources read from '/sys/devices/system/clocksource'."
        page.gauge('node_time_clocksource_available_info', help, 1, { device, clocksource })
      }
      const current = files.optionalText(`${root}/${name}/current_clocksource`)
      if (current === undefined) continue
      const help = "Current clocksource read from '/sys/devices/system/clocksource'."
      page.gauge('node_time_clocksource_current_info', help, 1, { device, clocksource: current })
    }
  },
}

/** The abbreviation that Go shows: `UTC`, `CET`. */
function zone(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
}
