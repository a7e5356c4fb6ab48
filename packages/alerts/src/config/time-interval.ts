import { z } from 'zod'

/** Minutes of a day, `start` inclusive, `end` exclusive. */
export interface TimeRange {
  readonly start_time: string
  readonly end_time: string
}

/** Both ends inclusive. */
interface NumberRange {
  readonly begin: number
  readonly end: number
}

export interface TimeInterval {
  readonly times?: readonly TimeRange[] | undefined
  readonly weekdays?: readonly string[] | undefined
  readonly days_of_month?: readonly string[] | undefined
  readonly months?: readonly string[] | undefined
  readonly years?: readonly string[] | undefined
  readonly location?: string | undefined
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

class RangeProblem extends Error {}

function parseClock(text: string): number {
  if (!/^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/.test(text)) {
    throw new RangeProblem(`couldn't parse timestamp ${text}, invalid format`)
  }
  const [hours, minutes] = text.split(':')
  return Number(hours) * 60 + Number(minutes)
}

function parseTimeRange({ start_time, end_time }: { start_time?: string; end_time?: string }): NumberRange {
  if (!start_time || !end_time) throw new RangeProblem('both start and end times must be provided')
  const range = { begin: parseClock(start_time), end: parseClock(end_time) }
  if (range.begin >= range.end) throw new RangeProblem('start time cannot be equal or greater than end time')
  return range
}

function parseRange(text: string, member: (text: string) => number): NumberRange {
  const lower = text.toLowerCase()
  if (!lower.includes(':')) {
    const only = member(lower)
    return { begin: only, end: only }
  }
  const parts = lower.split(':')
  if (parts.length !== 2) throw new RangeProblem(`couldn't parse range ${lower}, invalid format`)
  if (parts[0] === '' || parts[1] === '') throw new RangeProblem(`couldn't parse range ${lower}, invalid format`)
  return { begin: member(parts[0]), end: member(parts[1]) }
}

function integer(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new RangeProblem(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

function parseWeekdays(text: string): NumberRange {
  const range = parseRange(text, (name) => {
    const day = WEEKDAYS.indexOf(name)
    if (day < 0) throw new RangeProblem(`${name} is not a valid weekday`)
    return day
  })
  if (range.begin > range.end) throw new RangeProblem('start day cannot be before end day')
  return range
}

function parseDaysOfMonth(text: string): NumberRange {
  const range = parseRange(text, integer)
  const { begin, end } = range
  for (const day of [begin, end]) {
    if (day === 0 || Math.abs(day) > 31) {
      throw new RangeProblem(`${day} is not a valid day of the month: out of range`)
    }
  }
  if (begin < 0 && end > 0) throw new RangeProblem('end day must be negative if start day is negative')
  // Days counted from the end can only be compared for a given month; the shortest shows what is never right.
  const inShortest = (day: number): number => (day < 0 ? 28 + day : day)
  if (inShortest(begin) > inShortest(end)) {
    throw new RangeProblem(`end day ${end} is always before start day ${begin}`)
  }
  return range
}

function parseMonths(text: string): NumberRange {
  const range = parseRange(text, (name) => {
    const month = MONTHS.indexOf(name) + 1
    if (month > 0) return month
    if (!/^[-+]?\d+$/.test(name)) throw new RangeProblem(`${name} is not a valid month`)
    return Number(name)
  })
  if (range.begin > range.end) {
    const [begin, end] = [range.begin, range.end].map((month) => MONTHS[month - 1] ?? '')
    throw new RangeProblem(`end month ${end} is before start month ${begin}`)
  }
  return range
}

function parseYears(text: string): NumberRange {
  const range = parseRange(text, integer)
  if (range.begin > range.end) throw new RangeProblem(`end year ${range.end} is before start year ${range.begin}`)
  return range
}

/** Keeps the text and reports what the parser says about it. */
function checkedBy<T>(schema: z.ZodType<T>, parse: (value: T) => unknown): z.ZodType<T> {
  return schema.superRefine((value, context) => {
    try {
      parse(value)
    } catch (error) {
      if (!(error instanceof RangeProblem)) throw error
      context.addIssue({ code: 'custom', message: error.message })
    }
  })
}

function checkZone(name: string): void {
  if (!isTimeZone(name)) throw new RangeProblem(`unknown time zone ${name}`)
}

const timeRange = checkedBy(
  z.strictObject({ start_time: z.string().default(''), end_time: z.string().default('') }),
  parseTimeRange,
)

export const timeInterval = z.strictObject({
  times: z.array(timeRange).optional(),
  weekdays: z.array(checkedBy(z.string(), parseWeekdays)).optional(),
  days_of_month: z.array(checkedBy(z.string(), parseDaysOfMonth)).optional(),
  months: z.array(checkedBy(z.string(), parseMonths)).optional(),
  years: z.array(checkedBy(z.string(), parseYears)).optional(),
  location: checkedBy(z.string(), checkZone).optional(),
})

/** Which wall clock a zone shows; `''` and `UTC` are UTC, `Local` is the machine's. */
export function isTimeZone(name: string): boolean {
  if (name === '' || name === 'UTC' || name === 'Local') return true
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The interval with its texts read, ready to be asked many times. */
export class ParsedInterval {
  readonly #times: readonly NumberRange[] | undefined
  readonly #weekdays: readonly NumberRange[] | undefined
  readonly #days: readonly NumberRange[] | undefined
  readonly #months: readonly NumberRange[] | undefined
  readonly #years: readonly NumberRange[] | undefined
  readonly #zone: string

  constructor(interval: TimeInterval) {
    this.#times = interval.times?.map(parseTimeRange)
    this.#weekdays = interval.weekdays?.map(parseWeekdays)
    this.#days = interval.days_of_month?.map(parseDaysOfMonth)
    this.#months = interval.months?.map(parseMonths)
    this.#years = interval.years?.map(parseYears)
    this.#zone = interval.location ?? 'UTC'
  }

  contains(timeMs: number): boolean {
    const wall = wallClock(timeMs, this.#zone)
    if (this.#times && !this.#times.some(({ begin, end }) => wall.minute >= begin && wall.minute < end)) return false
    if (this.#days && !this.#days.some((range) => isDayInside(range, wall))) return false
    return (
      isInside(this.#months, wall.month) && isInside(this.#weekdays, wall.weekday) && isInside(this.#years, wall.year)
    )
  }
}

interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly weekday: number
  /** Of the day. */
  readonly minute: number
}

function isInside(ranges: readonly NumberRange[] | undefined, value: number): boolean {
  return !ranges || ranges.some(({ begin, end }) => value >= begin && value <= end)
}

function isDayInside(range: NumberRange, { day, month, year }: WallClock): boolean {
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const inMonth = (value: number): number => (value < 0 ? length + value + 1 : value)
  const begin = inMonth(range.begin)
  if (begin > length) return false
  return day >= Math.max(begin, -length) && day <= Math.min(inMonth(range.end), length)
}

function wallClock(timeMs: number, zone: string): WallClock {
  const date = zone === 'UTC' || zone === '' ? new Date(timeMs) : new Date(shifted(timeMs, zone))
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    minute: date.getUTCHours() * 60 + date.getUTCMinutes(),
  }
}

/** The instant at which UTC shows what the zone shows now. */
function shifted(timeMs: number, zone: string): number {
  const options = zone === 'Local' ? {} : { timeZone: zone }
  const parts = new Intl.DateTimeFormat('en-US', {
    ...options,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(timeMs)
  const field = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  return Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'))
}
