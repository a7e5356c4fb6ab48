export const NANOS_PER_SECOND = 1_000_000_000n

/** A part of Go's reference time `Mon Jan 2 15:04:05 MST 2006`, or a fraction of a second such as `.000`. */
export type LayoutPart = string

/** What a text says of a time; what it leaves out is that of Go's zero date in year 0. */
export interface TimeFields {
  year: number
  month: number
  day: number
  dayOfYear: number | undefined
  hour: number
  minute: number
  second: number
  nanos: number
  isPm: boolean | undefined
  offsetSeconds: number | undefined
}

export interface GoLayout {
  /** Each with the text in front of it. */
  readonly parts: readonly { readonly literal: string; readonly part: LayoutPart }[]
  /** Behind the last part. */
  readonly tail: string
  /** @returns nothing when the text does not fit */
  read(text: string): TimeFields | undefined
}

const MONTHS = 'January|February|March|April|May|June|July|August|September|October|November|December'
const DAYS = 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday'
const SHORT_MONTHS = MONTHS.replace(/\w+/g, (name) => name.slice(0, 3))
const SHORT_DAYS = DAYS.replace(/\w+/g, (name) => name.slice(0, 3))

/** Longest first. Source: Go's time/format.go, nextStdChunk. */
const PARTS =
  /January|Monday|2006|[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07|[.,](?:0+|9+)(?![0-9])|MST|Jan(?![a-z])|Mon(?![a-z])|__2|_2(?!006)|002|15|01|02|03|04|05|06|PM|pm|1|2|3|4|5/g

const PATTERNS: Readonly<Record<LayoutPart, string>> = {
  2006: '([0-9]{4})',
  January: `((?i:${MONTHS}))`,
  Jan: `((?i:${SHORT_MONTHS}))`,
  Monday: `((?i:${DAYS}))`,
  Mon: `((?i:${SHORT_DAYS}))`,
  _2: ' ?([0-9]{1,2})',
  __2: ' {0,2}([0-9]{1,3})',
  '002': '([0-9]{3})',
  15: '([0-9]{1,2})',
  PM: '(AM|PM)',
  pm: '(am|pm)',
  MST: '(UTC|GMT|[A-Z]{3,5})',
}

/** Names of layouts that people use instead of writing them; those of Go's time package. */
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

/** @returns the layout that Go has under this name, or what was given */
export function namedGoLayout(name: string): string {
  return Object.hasOwn(NAMED, name) ? NAMED[name] : name
}

/** Layouts that are kept; templates and pipelines use few, but a template may make them. */
const MAX_KEPT = 200
const kept = new Map<string, GoLayout>()

/** A layout is taken apart once. */
export function goLayout(layout: string): GoLayout {
  let found = kept.get(layout)
  if (!found) {
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(layout, (found = takeApart(layout)))
  }
  return found
}

function takeApart(layout: string): GoLayout {
  const parts: { literal: string; part: LayoutPart }[] = []
  let last = 0
  for (const { 0: part, index } of layout.matchAll(PARTS)) {
    parts.push({ literal: layout.slice(last, index), part })
    last = index + part.length
  }
  const tail = layout.slice(last)
  let reader: ((text: string) => TimeFields | undefined) | undefined
  return { parts, tail, read: (text) => (reader ??= createReader(parts, tail))(text) }
}

function createReader(parts: GoLayout['parts'], tail: string): GoLayout['read'] {
  const groups: LayoutPart[] = []
  let pattern = ''
  for (const [index, { literal, part }] of parts.entries()) {
    pattern += escapeRegex(literal) + patternOf(part)
    groups.push(part)
    const next = parts[index + 1]
    // Go takes a fraction behind the seconds, also where the layout has none.
    if ((part === '05' || part === '5') && !(next?.literal === '' && isFraction(next.part))) {
      pattern += '([.,][0-9]+)?'
      groups.push('.9')
    }
  }
  const expression = new RegExp(`^${pattern}${escapeRegex(tail)}$`)
  return (text) => {
    const match = expression.exec(text)
    if (!match) return undefined
    const fields = emptyFields()
    return groups.every((part, index) => assign(fields, part, match[index + 1] ?? '')) ? fields : undefined
  }
}

function emptyFields(): TimeFields {
  const unknown = { dayOfYear: undefined, isPm: undefined, offsetSeconds: undefined }
  return { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanos: 0, ...unknown }
}

function isFraction(part: LayoutPart): boolean {
  return part[0] === '.' || part[0] === ','
}

function patternOf(part: LayoutPart): string {
  const pattern = PATTERNS[part]
  if (pattern !== undefined) return pattern
  if (isFraction(part)) return part[1] === '9' ? '([.,][0-9]+)?' : `([.,][0-9]{${part.length - 1}})`
  if (part[0] === 'Z' || part[0] === '-') {
    const offset = `[-+]${part.slice(1).replace(/\d\d/g, '[0-9]{2}')}`
    return part[0] === 'Z' ? `(Z|${offset})` : `(${offset})`
  }
  return part.length === 1 ? '([0-9]{1,2})' : '([0-9]{2})'
}

/** @returns whether the value can be */
function assign(fields: TimeFields, part: LayoutPart, text: string): boolean {
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
      fields.month = SHORT_MONTHS.toLowerCase().split('|').indexOf(text.slice(0, 3).toLowerCase()) + 1
      return true
    case 'Monday':
    case 'Mon':
      return true
    case '01':
    case '1':
      fields.month = value
      return value >= 1 && value <= 12
    case '02':
    case '2':
    case '_2':
      fields.day = value
      return value >= 1 && value <= 31
    case '002':
    case '__2':
      fields.dayOfYear = value
      return value >= 1 && value <= 366
    case '15':
      fields.hour = value
      return value < 24
    case '03':
    case '3':
      fields.hour = value
      return value <= 12
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
      fields.isPm = text[0] === 'P' || text[0] === 'p'
      return true
    case 'MST':
      if (text === 'UTC' || text === 'GMT') fields.offsetSeconds = 0
      return true
    default:
  }
  if (isFraction(part)) fields.nanos = Number(text.slice(1).padEnd(9, '0').slice(0, 9))
  else fields.offsetSeconds = offsetOf(text)
  return true
}

function offsetOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = (text.match(/\d\d/g) ?? []).map(Number)
  return (text[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds)
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
