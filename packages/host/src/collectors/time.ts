import { resolve } from 'node:path'
import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'
import type { HostFiles } from './host-files.ts'

export const time: Collector = {
  name: 'time',
  isOnByDefault: true,
  collect({ files, nowMs, page }) {
    const now = nowMs()
    page.gauge('node_time_seconds', 'System time in seconds since epoch (1970).', now / 1000)
    const date = new Date(now)
    const offset = -date.getTimezoneOffset() * 60
    page.gauge('node_time_zone_offset_seconds', 'System time zone offset in seconds.', offset, {
      time_zone: zoneName(zoneRule(files), offset),
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

/**
 * The abbreviation that Go shows: `UTC`, `CET`. Taken from the rule at the end of the zone's own file: asking Intl for it loads
 * 8 MB of language data that stay.
 */
export function zoneName(rule: string, offsetSeconds: number): string {
  const [, standard = '', offset = '', summer, summerOffset = ''] =
    /^(<[^>]+>|[A-Za-z]+)([-+]?[\d:]+)(?:(<[^>]+>|[A-Za-z]+)([-+]?[\d:]+)?)?/.exec(rule) ?? []
  if (standard === '') return 'UTC'
  // POSIX counts west of Greenwich; summer time is an hour ahead unless it says otherwise.
  const standardSeconds = -seconds(offset)
  const summerSeconds = summerOffset === '' ? standardSeconds + 3600 : -seconds(summerOffset)
  const isSummer = summer !== undefined && offsetSeconds === summerSeconds && offsetSeconds !== standardSeconds
  return (isSummer ? summer : standard).replace(/[<>]/g, '')
}

function seconds(text: string): number {
  const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[-+]/, '').split(':').map(Number)
  return (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + rest)
}

/** The last line of a TZif file (RFC 8536, section 3.3): the process's zone, as `TZ` or the machine sets it. */
function zoneRule(files: HostFiles): string {
  const zone = process.env['TZ']?.replace(/^:/, '')
  const path = zone === undefined || zone === '' ? '/etc/localtime' : resolve('/usr/share/zoneinfo', zone)
  const text = files.optionalText(path) ?? ''
  return text.startsWith('TZif') ? text.slice(text.lastIndexOf('\n') + 1) : ''
}
