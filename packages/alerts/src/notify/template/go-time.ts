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

/** Go's zero time.Time: 0001-01-01T00:00:00Z. */
export const ZERO_TIME_MS = -62_135_596_800_000

/** An instant in a zone, with the methods that templates call on Go's time.Time. */
export class GoTime {
  readonly #ms: number
  readonly #offsetSeconds: number
  readonly #zone: string

  /** @param ms since 1970; {@link ZERO_TIME_MS} is Go's zero time */
  constructor(ms: number, zone = 'UTC', offsetSeconds = 0) {
    this.#ms = ms
    this.#zone = zone
    this.#offsetSeconds = offsetSeconds
  }

  get ms(): number {
    return this.#ms
  }

  Format(layout: string): string {
    const wall = new Date(this.#ms + this.#offsetSeconds * 1000)
    return layout.replace(LAYOUT, (part) => this.#part(part, wall))
  }

  UTC(): GoTime {
    return new GoTime(this.#ms)
  }

  Unix(): bigint {
    return BigInt(Math.floor(this.#ms / 1000))
  }

  UnixMilli(): bigint {
    return BigInt(this.#ms)
  }

  IsZero(): boolean {
    return this.#ms === ZERO_TIME_MS
  }

  /** @returns undefined for a zone that does not exist */
  inZone(name: string): GoTime | undefined {
    if (name === '' || name === 'UTC') return new GoTime(this.#ms)
    try {
      const offset = zoneOffset(name, this.#ms)
      return new GoTime(this.#ms, abbreviation(name, this.#ms, offset), offset)
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  toString(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST')
  }

  #part(part: string, wall: Date): string {
    const month = wall.getUTCMonth()
    const day = wall.getUTCDate()
    const hour = wall.getUTCHours()
    switch (part) {
      case '2006':
        return String(wall.getUTCFullYear()).padStart(4, '0')
      case '06':
        return two(wall.getUTCFullYear() % 100)
      case 'January':
        return MONTHS[month]
      case 'Jan':
        return MONTHS[month].slice(0, 3)
      case '01':
        return two(month + 1)
      case '1':
        return String(month + 1)
      case 'Monday':
        return DAYS[wall.getUTCDay()]
      case 'Mon':
        return DAYS[wall.getUTCDay()].slice(0, 3)
      case '02':
        return two(day)
      case '_2':
        return String(day).padStart(2, ' ')
      case '2':
        return String(day)
      case '002':
        return String(Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(
          3,
          '0',
        )
      case '15':
        return two(hour)
      case '03':
        return two(hour % 12 || 12)
      case '3':
        return String(hour % 12 || 12)
      case '04':
        return two(wall.getUTCMinutes())
      case '4':
        return String(wall.getUTCMinutes())
      case '05':
        return two(wall.getUTCSeconds())
      case '5':
        return String(wall.getUTCSeconds())
      case 'PM':
        return hour >= 12 ? 'PM' : 'AM'
      case 'pm':
        return hour >= 12 ? 'pm' : 'am'
      case 'MST':
        return this.#zone
      default:
        return part[0] === '.' || part[0] === ',' ? this.#fraction(part, wall) : this.#offset(part)
    }
  }

  #fraction(part: string, wall: Date): string {
    const digits = (String(wall.getUTCMilliseconds()).padStart(3, '0') + '000000').slice(0, part.length - 1)
    const kept = part[1] === '0' ? digits : digits.replace(/0+$/, '')
    return kept === '' ? '' : part[0] + kept
  }

  #offset(part: string): string {
    if (part[0] === 'Z' && this.#offsetSeconds === 0) return 'Z'
    const minutes = Math.trunc(Math.abs(this.#offsetSeconds) / 60)
    const sign = this.#offsetSeconds < 0 ? '-' : '+'
    const hours = two(Math.floor(minutes / 60))
    return part.length <= 3 ? sign + hours : `${sign}${hours}${part.includes(':') ? ':' : ''}${two(minutes % 60)}`
  }
}

/** How Go marshals a time into JSON: RFC 3339, fractions only as long as they are. */
export function formatTime(time: GoTime): string {
  return time.Format('2006-01-02T15:04:05.999999999Z07:00')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Seconds east of UTC. @throws RangeError for an unknown zone */
function zoneOffset(zone: string, ms: number): number {
  const name = zonePart(zone, ms, 'en-US', 'longOffset')
  const match = /GMT(?:([-+])(\d{2}):(\d{2}))?/.exec(name)
  if (match?.[1] === undefined) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60)
}

/** `CET`: no locale knows the abbreviations of all zones, so that several are asked. Go writes `+03` where there is none. */
function abbreviation(zone: string, ms: number, offset: number): string {
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IN', 'en-ZA', 'ja-JP']) {
    const name = zonePart(zone, ms, locale, 'short')
    if (/^[A-Z]{2,5}$/.test(name)) return name
  }
  const minutes = Math.abs(offset) / 60
  const rest = minutes % 60
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${rest === 0 ? '' : two(rest)}`
}

function zonePart(zone: string, ms: number, locale: string, timeZoneName: 'short' | 'longOffset'): string {
  const options = zone === 'Local' ? { timeZoneName } : { timeZone: zone, timeZoneName }
  const parts = new Intl.DateTimeFormat(locale, options).formatToParts(ms)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}
