/** Parts of a UTC date from seconds since 1970. */
type DatePart = (date: Date) => number

const parts = new Map<string, DatePart>([
  ['day_of_month', (date) => date.getUTCDate()],
  ['day_of_week', (date) => date.getUTCDay()],
  ['day_of_year', (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1],
  ['days_in_month', (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()],
  ['hour', (date) => date.getUTCHours()],
  ['minute', (date) => date.getUTCMinutes()],
  ['month', (date) => date.getUTCMonth() + 1],
  ['year', (date) => date.getUTCFullYear()],
])

export function isDatePart(name: string): boolean {
  return parts.has(name)
}

/** NaN for what is no date. */
export function datePart(name: string): (seconds: number) => number {
  const part = parts.get(name)
  if (part === undefined) throw new Error(`${name} is not a date function`)
  const date = new Date(0)
  return (seconds) => {
    date.setTime(Math.trunc(seconds) * 1000)
    return part(date)
  }
}
