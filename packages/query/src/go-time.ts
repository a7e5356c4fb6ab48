import { formatGoDuration } from './duration.ts'
import { goLayout, NANOS_PER_SECOND } from './go-layout.ts'
import type { LayoutPart, TimeFields } from './go-layout.ts'
import { zoneAbbreviation, zoneOffset } from './time-zone.ts'

const NANOS_PER_MS = 1_000_000n
const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const MS_PER_DAY = 86_400_000

/** An instant in a zone, with the methods of Go's time.Time that templates call. */
export class GoTime {
  /** Go's zero time: 0001-01-01T00:00:00Z. */
  static readonly ZERO: GoTime = new GoTime(-62_135_596_800n * NANOS_PER_SECOND)

  /** Nanoseconds since 1970. */
  readonly ns: bigint
  readonly #zone: string
  readonly #offsetSeconds: number

  /**
   * @param zone its abbreviation
   * @param offsetSeconds east of UTC
   */
  constructor(ns: bigint, zone = 'UTC', offsetSeconds = 0) {
    this.ns = ns
    this.#zone = zone
    this.#offsetSeconds = offsetSeconds
  }

  /** In UTC. */
  static ofMs(ms: number): GoTime {
    return new GoTime(BigInt(Math.trunc(ms)) * NANOS_PER_MS)
  }

  /** To the millisecond. */
  get ms(): number {
    return Number(floorDivide(this.ns, NANOS_PER_MS))
  }

  Format(layout: string): string {
    const { parts, tail } = goLayout(layout)
    const wall = this.#wall
    let text = ''
    for (const { literal, part } of parts) text += literal + this.#part(part, wall)
    return text + tail
  }

  UTC(): GoTime {
    return new GoTime(this.ns)
  }

  Add(duration: unknown): GoTime {
    const ns = duration instanceof GoDuration ? duration.Nanoseconds() : BigInt(Math.trunc(Number(duration)))
    return new GoTime(this.ns + ns, this.#zone, this.#offsetSeconds)
  }

  Sub(other: GoTime): GoDuration {
    return new GoDuration(this.ns - other.ns)
  }

  Before(other: GoTime): boolean {
    return this.ns < other.ns
  }

  After(other: GoTime): boolean {
    return this.ns > other.ns
  }

  Equal(other: GoTime): boolean {
    return this.ns === other.ns
  }

  IsZero(): boolean {
    return this.ns === GoTime.ZERO.ns
  }

  Unix(): bigint {
    return floorDivide(this.ns, NANOS_PER_SECOND)
  }

  UnixMilli(): bigint {
    return floorDivide(this.ns, NANOS_PER_MS)
  }

  UnixNano(): bigint {
    return this.ns
  }

  Year(): bigint {
    return BigInt(this.#wall.getUTCFullYear())
  }

  Month(): string {
    return MONTHS[this.#wall.getUTCMonth()]
  }

  Weekday(): string {
    return DAYS[this.#wall.getUTCDay()]
  }

  Day(): bigint {
    return BigInt(this.#wall.getUTCDate())
  }

  Hour(): bigint {
    return BigInt(this.#wall.getUTCHours())
  }

  Minute(): bigint {
    return BigInt(this.#wall.getUTCMinutes())
  }

  Second(): bigint {
    return BigInt(this.#wall.getUTCSeconds())
  }

  String(): string {
    return this.toString()
  }

  toString(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST')
  }

  /** As Go marshals a time: RFC 3339, the fraction only as long as it is. */
  toJSON(): string {
    return this.Format('2006-01-02T15:04:05.999999999Z07:00')
  }

  /** @returns undefined for a zone that does not exist */
  inZone(name: string): GoTime | undefined {
    const offset = zoneOffset(name, this.ms)
    return offset === undefined ? undefined : new GoTime(this.ns, zoneAbbreviation(name, this.ms, offset), offset)
  }

  /** What a clock on the wall shows, as if it were UTC. */
  get #wall(): Date {
    return new Date(this.ms + this.#offsetSeconds * 1000)
  }

  #part(part: LayoutPart, wall: Date): string {
    const [month, day, hour] = [wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours()]
    switch (part) {
      case '2006':
        return yearText(wall.getUTCFullYear())
      case '06':
        return two(Math.abs(wall.getUTCFullYear()) % 100)
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
        return String(dayOfYear(wall)).padStart(3, '0')
      case '__2':
        return String(dayOfYear(wall)).padStart(3, ' ')
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
        return this.#zone || this.#offset('-07')
      default:
        return part[0] === '.' || part[0] === ',' ? this.#fraction(part) : this.#offset(part)
    }
  }

  #fraction(part: string): string {
    const nanos = this.ns - floorDivide(this.ns, NANOS_PER_SECOND) * NANOS_PER_SECOND
    const digits = String(nanos)
      .padStart(9, '0')
      .slice(0, part.length - 1)
    const kept = part[1] === '0' ? digits : digits.replace(/0+$/, '')
    return kept === '' ? '' : part[0] + kept
  }

  #offset(part: string): string {
    if (part[0] === 'Z' && this.#offsetSeconds === 0) return 'Z'
    const size = Math.abs(this.#offsetSeconds)
    const [hours, minutes, seconds] = [Math.trunc(size / 3600), Math.trunc(size / 60) % 60, size % 60]
    const shown = [hours, minutes, seconds].slice(0, part.replace(/\D/g, '').length / 2)
    return (this.#offsetSeconds < 0 ? '-' : '+') + shown.map(two).join(part.includes(':') ? ':' : '')
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
    return this.#ns / NANOS_PER_MS
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

/**
 * Go's time.ParseInLocation.
 * @param zone where a text without one was written: an IANA name, UTC or Local
 * @returns undefined when the text does not fit the layout, is no time, or the zone does not exist
 */
export function parseGoTime(layout: string, text: string, zone = 'UTC'): GoTime | undefined {
  const fields = goLayout(layout).read(text)
  const wallMs = fields && wallTime(fields)
  if (wallMs === undefined) return undefined
  const known = fields!.offsetSeconds
  const offset = known ?? zoneOffset(zone, wallMs)
  if (offset === undefined) return undefined
  const ns = BigInt(wallMs - offset * 1000) * NANOS_PER_MS + BigInt(fields!.nanos)
  if (known !== undefined) return new GoTime(ns, known === 0 ? 'UTC' : '', known)
  return new GoTime(ns, zoneAbbreviation(zone, wallMs - offset * 1000, offset), offset)
}

/** @returns nothing for the 30th of February */
function wallTime({ year, month, day, dayOfYear: inYear, hour, minute, second, isPm }: TimeFields): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, inYear === undefined ? month - 1 : 0, inYear ?? day)
  if (inYear === undefined ? date.getUTCMonth() !== month - 1 : date.getUTCFullYear() !== year) return undefined
  const wallHour = isPm === undefined ? hour : (hour % 12) + (isPm ? 12 : 0)
  return date.setUTCHours(wallHour, minute, second)
}

function dayOfYear(wall: Date): number {
  const newYear = new Date(wall)
  newYear.setUTCMonth(0, 1)
  return Math.round((wall.getTime() - newYear.getTime()) / MS_PER_DAY) + 1
}

function yearText(year: number): string {
  return (year < 0 ? '-' : '') + String(Math.abs(year)).padStart(4, '0')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}
