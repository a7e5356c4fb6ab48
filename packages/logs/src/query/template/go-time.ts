const NANOS_PER_SECOND = 1_000_000_000n
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
/** The parts of Go's reference time `Mon Jan 2 15:04:05 MST 2006`, longest first. */
const LAYOUT =
  /January|Monday|2006|-07:00|Z07:00|-0700|Z0700|[.,](?:0+|9+)(?![0-9])|MST|Jan|Mon|002|15|01|02|03|04|05|06|PM|pm|_2|-07|Z07|1|2|3|4|5/g

/** A wall-clock instant inside templates, as Go's time.Time in a zone. Prints as Go prints it. */
export class GoTime {
  readonly ns: bigint
  readonly offsetSeconds: number
  readonly zone: string

  constructor(ns: bigint, zone = 'UTC', offsetSeconds = 0) {
    this.ns = ns
    this.zone = zone
    this.offsetSeconds = offsetSeconds
  }

  format(layout: string): string {
    const seconds = floorDiv(this.ns, NANOS_PER_SECOND)
    const nanos = Number(this.ns - seconds * NANOS_PER_SECOND)
    const date = new Date(Number(seconds) * 1000 + this.offsetSeconds * 1000)
    return layout.replace(LAYOUT, (part) => formatPart(part, date, nanos, this.offsetSeconds, this.zone))
  }

  toString(): string {
    return this.format('2006-01-02 15:04:05.999999999 -0700 MST')
  }
}

function formatPart(part: string, date: Date, nanos: number, offset: number, zone: string): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = date.getUTCHours()
  switch (part) {
    case '2006':
      return String(date.getUTCFullYear()).padStart(4, '0')
    case '06':
      return two(date.getUTCFullYear() % 100)
    case 'January':
      return MONTHS[date.getUTCMonth()]
    case 'Jan':
      return MONTHS[date.getUTCMonth()].slice(0, 3)
    case '01':
      return two(date.getUTCMonth() + 1)
    case '1':
      return String(date.getUTCMonth() + 1)
    case 'Monday':
      return DAYS[date.getUTCDay()]
    case 'Mon':
      return DAYS[date.getUTCDay()].slice(0, 3)
    case '02':
      return two(date.getUTCDate())
    case '_2':
      return String(date.getUTCDate()).padStart(2, ' ')
    case '2':
      return String(date.getUTCDate())
    case '002': {
      const day =
        Math.floor(
          (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) -
            Date.UTC(date.getUTCFullYear(), 0, 1)) /
            86_400_000,
        ) + 1
      return String(day).padStart(3, '0')
    }
    case '15':
      return two(hour)
    case '03':
      return two(hour % 12 || 12)
    case '3':
      return String(hour % 12 || 12)
    case '04':
      return two(date.getUTCMinutes())
    case '4':
      return String(date.getUTCMinutes())
    case '05':
      return two(date.getUTCSeconds())
    case '5':
      return String(date.getUTCSeconds())
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return hour >= 12 ? 'pm' : 'am'
    case 'MST':
      return zone
    default:
  }
  if (part[0] === '.' || part[0] === ',') {
    const digits = String(nanos)
      .padStart(9, '0')
      .slice(0, Math.min(9, part.length - 1))
    if (part[1] === '0') return part[0] + digits
    const trimmed = digits.replace(/0+$/, '')
    return trimmed === '' ? '' : part[0] + trimmed
  }
  if (part[0] === 'Z' && offset === 0) return 'Z'
  const minutes = Math.abs(Math.trunc(offset / 60))
  const sign = offset < 0 ? '-' : '+'
  const colon = part.includes(':') ? ':' : ''
  return part.length > 3
    ? `${sign}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`
    : `${sign}${two(Math.floor(minutes / 60))}`
}

/** Go's time.ParseInLocation; undefined when the text does not fit the layout or the zone is unknown. */
export function parseGoTime(layout: string, text: string, zone = 'UTC'): GoTime | undefined {
  const parts: string[] = []
  let pattern = '^'
  let last = 0
  for (const match of layout.matchAll(LAYOUT)) {
    pattern += escapeRegex(layout.slice(last, match.index)) + partPattern(match[0])
    parts.push(match[0])
    last = match.index + match[0].length
    // Go accepts a fraction behind the seconds even when the layout has none.
    if ((match[0] === '05' || match[0] === '5') && !/^[.,](?:0+|9+)/.test(layout.slice(last))) {
      pattern += '([.,][0-9]+)?'
      parts.push('.9')
    }
  }
  const match = new RegExp(`${pattern + escapeRegex(layout.slice(last))}$`, 'i').exec(text)
  if (!match) return undefined
  const fields = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    pm: undefined as boolean | undefined,
    offset: undefined as number | undefined,
  }
  for (const [index, part] of parts.entries()) if (!assignPart(fields, part, match[index + 1] ?? '')) return undefined
  let { hour } = fields
  if (fields.pm === true && hour < 12) hour += 12
  if (fields.pm === false && hour === 12) hour = 0
  const wallMs = Date.UTC(fields.year, fields.month - 1, fields.day, hour, fields.minute, fields.second)
  if (fields.year < 100 || new Date(wallMs).getUTCDate() !== fields.day) return undefined
  const offset = fields.offset ?? zoneOffset(zone, wallMs)
  if (offset === undefined) return undefined
  const ns = BigInt(wallMs / 1000 - offset) * NANOS_PER_SECOND + BigInt(fields.nanos)
  return new GoTime(ns, fields.offset === undefined ? zone : fields.offset === 0 ? 'UTC' : '', offset)
}

interface Fields {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  nanos: number
  pm: boolean | undefined
  offset: number | undefined
}

function assignPart(fields: Fields, part: string, text: string): boolean {
  const value = Number(text)
  switch (part) {
    case '2006':
      fields.year = value
      return true
    case '06':
      fields.year = value + (value >= 69 ? 1900 : 2000)
      return true
    case 'January':
    case 'Jan':
      fields.month = MONTHS.findIndex((month) => month.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase()) + 1
      return fields.month > 0
    case '01':
    case '1':
      fields.month = value
      return value >= 1 && value <= 12
    case '02':
    case '2':
    case '_2':
      fields.day = value
      return value >= 1 && value <= 31
    case '15':
    case '03':
    case '3':
      fields.hour = value
      return value < 24
    case '04':
    case '4':
      fields.minute = value
      return value < 60
    case '05':
    case '5':
      fields.second = value
      return value < 60
    case 'PM':
    case 'pm':
      fields.pm = text.toLowerCase() === 'pm'
      return true
    case 'MST':
      fields.offset = text === 'UTC' || text === 'GMT' ? 0 : undefined
      return true
    default:
  }
  if (part[0] === '.' || part[0] === ',') {
    fields.nanos = Number(text.slice(1).padEnd(9, '0').slice(0, 9))
    return true
  }
  if (part.includes('07')) {
    const match = /^([-+])([0-9]{2}):?([0-9]{2})?$/.exec(text)
    fields.offset = match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60) : 0
  }
  return true
}

function partPattern(part: string): string {
  if (part === '2006') return '([0-9]{4})'
  if (part === 'January' || part === 'Monday' || part === 'Jan' || part === 'Mon') return '([a-z]+)'
  if (part === 'MST') return '([A-Z]{3,5})'
  if (part === 'PM' || part === 'pm') return '([ap]m)'
  if (part === '_2') return ' ?([0-9]{1,2})'
  if (part[0] === '.' || part[0] === ',') return part[1] === '9' ? '([.,][0-9]+)?' : `([.,][0-9]{${part.length - 1}})`
  if (part[0] === 'Z') return '(Z|[-+][0-9]{2}(?::?[0-9]{2})?)'
  if (part[0] === '-') return '([-+][0-9]{2}(?::?[0-9]{2})?)'
  return part.length === 1 || part === '15' ? '([0-9]{1,2})' : `([0-9]{${part.length}})`
}

/** Seconds east of UTC at a wall time in an IANA zone. */
export function zoneOffset(zone: string, wallMs: number): number | undefined {
  if (zone === 'UTC' || zone === '') return 0
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone === 'Local' ? 'UTC' : zone,
      timeZoneName: 'longOffset',
    })
    const name = format.formatToParts(wallMs).find((part) => part.type === 'timeZoneName')?.value ?? ''
    const match = /GMT(?:([-+])([0-9]{2}):([0-9]{2}))?/.exec(name)
    return match?.[1] === undefined
      ? 0
      : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60)
  } catch (error) {
    if (error instanceof RangeError) return undefined // an unknown zone
    throw error
  }
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}
