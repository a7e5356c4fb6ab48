/*
 * Time zones come from the ICU library that Node carries. Opening it costs 11 MB of memory, so that UTC, which nearly everything is
 * in, does without.
 */

/** Seconds east of UTC at an instant in an IANA zone, UTC, or Local; undefined when it does not exist. */
export function zoneOffset(zone: string, ms: number): number | undefined {
  if (isUtc(zone)) return 0
  const name = zonePart(zone, ms, 'en-US', 'longOffset')
  if (name === undefined) return undefined
  const match = /GMT(?:([-+])(\d{2}):(\d{2})(?::(\d{2}))?)?/.exec(name)
  if (match?.[1] === undefined) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0))
}

/** `CET`: no locale knows the abbreviations of all zones, so that several are asked. Go writes `+03` where there is none. */
export function zoneAbbreviation(zone: string, ms: number, offsetSeconds: number): string {
  if (isUtc(zone)) return 'UTC'
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IN', 'en-ZA', 'ja-JP']) {
    const name = zonePart(zone, ms, locale, 'short')
    if (name !== undefined && /^[A-Z]{2,5}$/.test(name)) return name
  }
  const minutes = Math.abs(offsetSeconds) / 60
  const rest = minutes % 60
  return `${offsetSeconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${rest === 0 ? '' : two(rest)}`
}

function isUtc(zone: string): boolean {
  return zone === '' || zone === 'UTC'
}

/** @returns undefined for a zone that does not exist */
function zonePart(zone: string, ms: number, locale: string, style: 'short' | 'longOffset'): string | undefined {
  const options = { timeZoneName: style, ...(zone !== 'Local' && { timeZone: zone }) }
  try {
    const parts = new Intl.DateTimeFormat(locale, options).formatToParts(ms)
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
