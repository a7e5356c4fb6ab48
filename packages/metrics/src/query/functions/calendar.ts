/** A moment in UTC: days since 1970 and seconds within the day. */
interface Moment {
  readonly day: number
  readonly second: number
}

interface CivilDate {
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  readonly day: number
}

type DatePart = (moment: Moment) => number

const SECONDS_PER_DAY = 86_400

const parts = new Map<string, DatePart>([
  ['day_of_month', ({ day }) => civilDate(day).day],
  ['day_of_week', ({ day }) => floorMod(day + 4, 7)],
  ['day_of_year', ({ day }) => day - dayOf({ ...civilDate(day), month: 1, day: 1 }) + 1],
  ['days_in_month', ({ day }) => daysInMonth(civilDate(day))],
  ['hour', ({ second }) => Math.floor(second / 3600)],
  ['minute', ({ second }) => Math.floor(second / 60) % 60],
  ['month', ({ day }) => civilDate(day).month],
  ['year', ({ day }) => civilDate(day).year],
])

/**
 * What upstream's calendar makes of NaN, infinities and numbers beyond 64 bits: the smallest 64-bit integer, whose seconds wrap
 * around to this moment (4 December 292277026596, 15:30:08).
 */
const BEYOND_INT64: Moment = { day: 106751991167300, second: 55_808 }

export function isDatePart(name: string): boolean {
  return parts.has(name)
}

/** A part of a UTC date from seconds since 1970, in the proleptic Gregorian calendar. */
export function datePart(name: string): (seconds: number) => number {
  const part = parts.get(name)
  if (part === undefined) throw new Error(`${name} is not a date function`)
  return (seconds) => part(momentOf(seconds))
}

function momentOf(seconds: number): Moment {
  if (!(Math.abs(seconds) < 2 ** 63)) return BEYOND_INT64
  const whole = Math.trunc(seconds)
  const second = floorMod(whole, SECONDS_PER_DAY)
  return { day: (whole - second) / SECONDS_PER_DAY, second }
}

/**
 * Years are counted from March, so that the leap day comes last, in eras of 400 years, which all have the same days.
 * JavaScript's own dates end in the year 275760.
 */
const DAYS_PER_ERA = 146_097
/** Days from 1 March of the year 0 to 1970. */
const EPOCH_DAY = 719_468

function civilDate(day: number): CivilDate {
  const days = day + EPOCH_DAY
  const dayOfEra = floorMod(days, DAYS_PER_ERA)
  const era = Math.round((days - dayOfEra) / DAYS_PER_ERA)
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}

function dayOf({ year, month, day }: CivilDate): number {
  const fromMarch = year - (month <= 2 ? 1 : 0)
  const yearOfEra = floorMod(fromMarch, 400)
  const era = (fromMarch - yearOfEra) / 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_DAY
}

function daysInMonth({ year, month }: CivilDate): number {
  const next = month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 }
  return dayOf({ ...next, day: 1 }) - dayOf({ year, month, day: 1 })
}

function floorMod(value: number, divisor: number): number {
  const rest = value % divisor
  // Adding zero makes negative zero positive.
  return rest < 0 ? rest + divisor : rest + 0
}
