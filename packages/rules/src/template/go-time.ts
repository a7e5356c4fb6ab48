import { formatGoDuration } from '@quartet/query'

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
const NS_PER_MS = 1_000_000n

/** A time in UTC with the methods of Go's time.Time that templates call. Rules know times to the millisecond. */
export class GoTime {
  readonly #ms: number

  constructor(ms: number) {
    this.#ms = ms
  }

  Format(layout: string): string {
    const date = new Date(this.#ms)
    return layout.replace(LAYOUT, (part) => formatPart(part, date))
  }

  Add(duration: unknown): GoTime {
    const ns = duration instanceof GoDuration ? duration.Nanoseconds() : BigInt(Math.trunc(Number(duration)))
    return new GoTime(this.#ms + Number(ns / NS_PER_MS))
  }

  Sub(other: GoTime): GoDuration {
    return new GoDuration(BigInt(this.#ms - Number(other.UnixMilli())) * NS_PER_MS)
  }

  Before(other: GoTime): boolean {
    return this.UnixMilli() < other.UnixMilli()
  }

  After(other: GoTime): boolean {
    return this.UnixMilli() > other.UnixMilli()
  }

  Unix(): bigint {
    return BigInt(Math.floor(this.#ms / 1000))
  }

  UnixMilli(): bigint {
    return BigInt(this.#ms)
  }

  UnixNano(): bigint {
    return BigInt(this.#ms) * NS_PER_MS
  }

  UTC(): GoTime {
    return this
  }

  Year(): bigint {
    return BigInt(new Date(this.#ms).getUTCFullYear())
  }

  Month(): string {
    return MONTHS[new Date(this.#ms).getUTCMonth()]
  }

  Weekday(): string {
    return DAYS[new Date(this.#ms).getUTCDay()]
  }

  Day(): bigint {
    return BigInt(new Date(this.#ms).getUTCDate())
  }

  Hour(): bigint {
    return BigInt(new Date(this.#ms).getUTCHours())
  }

  Minute(): bigint {
    return BigInt(new Date(this.#ms).getUTCMinutes())
  }

  Second(): bigint {
    return BigInt(new Date(this.#ms).getUTCSeconds())
  }

  String(): string {
    return this.toString()
  }

  toString(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST')
  }
}

/** A duration with the methods of Go's time.Duration. */
export class GoDuration {
  readonly #ns: bigint

  constructor(ns: bigint) {
    this.#ns = ns
  }

  Nanoseconds(): bigint {
    return this.#ns
  }

  Milliseconds(): bigint {
    return this.#ns / NS_PER_MS
  }

  Seconds(): number {
    return Number(this.#ns) / 1e9
  }

  Minutes(): number {
    return this.Seconds() / 60
  }

  Hours(): number {
    return this.Seconds() / 3600
  }

  String(): string {
    return this.toString()
  }

  toString(): string {
    return formatGoDuration(this.#ns)
  }
}

function formatPart(part: string, date: Date): string {
  const [month, day, hour] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()]
  switch (part) {
    case '2006':
      return String(date.getUTCFullYear()).padStart(4, '0')
    case '06':
      return two(date.getUTCFullYear() % 100)
    case 'January':
      return MONTHS[month]
    case 'Jan':
      return MONTHS[month].slice(0, 3)
    case '01':
      return two(month + 1)
    case '1':
      return String(month + 1)
    case 'Monday':
      return DAYS[date.getUTCDay()]
    case 'Mon':
      return DAYS[date.getUTCDay()].slice(0, 3)
    case '02':
      return two(day)
    case '_2':
      return String(day).padStart(2, ' ')
    case '2':
      return String(day)
    case '002':
      return String(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(
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
      return 'UTC'
    default:
      return part[0] === '.' || part[0] === ',' ? fraction(part, date) : offset(part)
  }
}

function fraction(part: string, date: Date): string {
  const digits = String(date.getUTCMilliseconds())
    .padStart(3, '0')
    .padEnd(9, '0')
    .slice(0, part.length - 1)
  const kept = part[1] === '0' ? digits : digits.replace(/0+$/, '')
  return kept === '' ? '' : part[0] + kept
}

/** Times are in UTC. */
function offset(part: string): string {
  if (part[0] === 'Z') return 'Z'
  return part.length <= 3 ? '+00' : part.includes(':') ? '+00:00' : '+0000'
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
