/** Names of layouts that people use instead of writing them; Go's time package. */
const NAMED: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
}
const UNIX_NS: Readonly<Record<string, bigint>> = { UnixMs: 1_000_000n, UnixUs: 1_000n, UnixNs: 1n }
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH_NAMES = 'January|February|March|April|May|June|July|August|September|October|November|December'
const DAY_NAMES = 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday'

/** What a part of a layout matches, longest first. Groups are named after what they mean. */
const PARTS: readonly [layout: string, pattern: string][] = [
  ['January', `(?<month>${MONTH_NAMES})`],
  ['Monday', `(?:${DAY_NAMES})`],
  ['Z07:00', '(?<zone>Z|[+-]\\d\\d:\\d\\d)'],
  ['-07:00', '(?<zone>[+-]\\d\\d:\\d\\d)'],
  ['Z0700', '(?<zone>Z|[+-]\\d{4})'],
  ['-0700', '(?<zone>[+-]\\d{4})'],
  ['2006', '(?<year>\\d{4})'],
  ['Jan', `(?<month>${MONTHS.join('|')})`],
  ['Mon', '(?:[A-Z][a-z]{2})'],
  ['MST', '(?:UTC|GMT)'],
  ['-07', '(?<zone>[+-]\\d\\d)'],
  ['15', '(?<hour>\\d{1,2})'],
  ['03', '(?<hour>\\d\\d)'],
  ['01', '(?<month>\\d\\d)'],
  ['02', '(?<day>\\d\\d)'],
  ['_2', '(?<day>[ \\d]\\d)'],
  ['04', '(?<minute>\\d\\d)'],
  ['05', '(?<second>\\d\\d)(?:[.,](?<fraction>\\d{1,9}))?'],
  ['06', '(?<year>\\d\\d)'],
  ['PM', '(?<half>AM|PM)'],
  ['1', '(?<month>\\d{1,2})'],
  ['2', '(?<day>\\d{1,2})'],
  ['3', '(?<hour>\\d{1,2})'],
]

/** @returns the layout's expression. @throws SyntaxError when a part is named twice */
function compile(layout: string): RegExp {
  let pattern = ''
  for (let at = 0; at < layout.length;) {
    // A fraction in the layout is optional in the text, so the seconds take it.
    const fraction = /^[.,](?:0+|9+)(?!\d)/.exec(layout.slice(at))
    const part = PARTS.find(([text]) => layout.startsWith(text, at))
    if (fraction && pattern.endsWith(')?')) at += fraction[0].length
    else if (part) {
      pattern += part[1]
      at += part[0].length
    } else pattern += layout[at++].replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
  }
  return new RegExp(`^${pattern}$`)
}

const compiled = new Map<string, RegExp>()

export function isUsableLayout(layout: string): boolean {
  if (layout === 'Unix' || Object.hasOwn(UNIX_NS, layout)) return true
  try {
    return compile(NAMED[layout] ?? layout).source.includes('?<')
  } catch {
    return false // a part that stands twice in it
  }
}

/**
 * Reads a time by a layout of Go's time package, one of its names, or Unix, UnixMs, UnixUs, UnixNs. Times without a zone are UTC.
 * @returns nanoseconds since 1970, or nothing when the text does not fit
 */
export function parseTime(layout: string, text: string): bigint | undefined {
  if (layout === 'Unix') return parseSeconds(text)
  const unit = Object.hasOwn(UNIX_NS, layout) ? UNIX_NS[layout] : undefined
  if (unit !== undefined) return /^-?\d+$/.test(text) ? BigInt(text) * unit : undefined
  let expression = compiled.get(layout)
  if (!expression) compiled.set(layout, (expression = compile(NAMED[layout] ?? layout)))
  const parts = expression.exec(text)?.groups
  return parts && assemble(parts)
}

function parseSeconds(text: string): bigint | undefined {
  const found = /^(-?\d+)(?:\.(\d*))?$/.exec(text)
  return found ? BigInt(found[1]) * 1_000_000_000n + BigInt((found[2] ?? '').slice(0, 9).padEnd(9, '0')) : undefined
}

function assemble(parts: Readonly<Record<string, string | undefined>>): bigint | undefined {
  const { year = '0', month = '1', day = '1', half, zone = 'Z' } = parts
  const fullYear = year.length === 2 ? Number(year) + (Number(year) >= 69 ? 1900 : 2000) : Number(year)
  const monthIndex = /^\d+$/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month.slice(0, 3))
  const hour = (Number(parts.hour ?? 0) % (half ? 12 : 24)) + (half === 'PM' ? 12 : 0)
  const [minute, second] = [Number(parts.minute ?? 0), Number(parts.second ?? 0)]
  const date = new Date(0)
  date.setUTCFullYear(fullYear, monthIndex, Number(day))
  date.setUTCHours(hour, minute, second)
  const isReal = date.getUTCMonth() === monthIndex && Number(parts.hour ?? 0) < 24 && minute < 60 && second < 60
  if (!isReal) return undefined
  const fraction = BigInt((parts.fraction ?? '').padEnd(9, '0'))
  return BigInt(date.getTime() - offsetMs(zone)) * 1_000_000n + fraction
}

function offsetMs(zone: string): number {
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (!found) return 0
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3] ?? 0)) * 60_000
}
