import { formatExponent, formatGeneral, formatValue, isMapLike, sortedEntries, typeName } from './value.ts'

const MAX_WIDTH = 1000
const SPEC = /%([-+# 0]*)(\*|[0-9]+)?(?:\.(\*|[0-9]+)?)?(.|$)/gsu

interface Flags {
  readonly minus: boolean
  readonly plus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number
  /** -1 when not given. */
  readonly precision: number
}

/** Go's `fmt.Sprintf` for the value kinds of {@link formatValue}; wrong verbs and arguments print as Go prints them. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let used = 0
  let text = ''
  let last = 0
  const star = (given: string | undefined, missing: number): number => {
    if (given === undefined) return missing
    const value = given === '*' ? Number(args[used++] ?? 0) : Number(given)
    return Math.max(-MAX_WIDTH, Math.min(MAX_WIDTH, Number.isFinite(value) ? Math.trunc(value) : 0))
  }
  for (const match of format.matchAll(SPEC)) {
    text += format.slice(last, match.index)
    last = match.index + match[0].length
    const [whole, flagText, widthText, precisionText, verb] = match
    if (verb === '%') {
      text += '%'
      continue
    }
    const width = star(widthText, 0)
    const hasPrecision = /\.(?:\*|[0-9]+)?.?$/su.test(whole) && whole.slice(0, -1).includes('.')
    const precision = hasPrecision ? star(precisionText, 0) : -1
    const flags: Flags = {
      minus: flagText.includes('-') || width < 0,
      plus: flagText.includes('+'),
      sharp: flagText.includes('#'),
      space: flagText.includes(' '),
      zero: flagText.includes('0'),
      width: Math.abs(width),
      precision,
    }
    if (verb === '') text += '%!(NOVERB)'
    else if (used >= args.length) text += `%!${verb}(MISSING)`
    else text += formatVerb(verb, args[used++], flags)
  }
  text += format.slice(last)
  if (used < args.length) {
    const extra = args
      .slice(used)
      .map((value) => (value === null || value === undefined ? '<nil>' : `${typeName(value)}=${formatValue(value)}`))
    text += `%!(EXTRA ${extra.join(', ')})`
  }
  return text
}

/** Go's `fmt.Sprint`: spaces between operands when neither is a string. */
export function sprint(args: readonly unknown[]): string {
  let text = ''
  for (let index = 0; index < args.length; index++) {
    if (index > 0 && typeof args[index] !== 'string' && typeof args[index - 1] !== 'string') text += ' '
    text += formatValue(args[index])
  }
  return text
}

function formatVerb(verb: string, value: unknown, flags: Flags): string {
  if (verb === 'T') return pad(typeName(value), flags)
  if (verb === 'v') {
    if (flags.sharp) return pad(goSyntax(value), flags)
    if (typeof value === 'number') return pad(signed(formatGeneralWith(value, flags), value, flags), flags)
    if (typeof value === 'bigint') return integer(value, 10, '', flags)
    return pad(formatValue(value), flags)
  }
  if (Array.isArray(value) && 'dsqxXeEfFgGt'.includes(verb)) {
    return `[${value.map((entry) => formatVerb(verb, entry, flags)).join(' ')}]`
  }
  switch (typeof value) {
    case 'bigint':
      return formatInteger(verb, value, flags)
    case 'number':
      return formatFloat(verb, value, flags)
    case 'boolean':
      return verb === 't' ? pad(String(value), flags) : wrongVerb(verb, value)
    case 'string':
      return formatText(verb, value, flags)
    default:
      if (value === null || value === undefined) return `%!${verb}(<nil>)`
      if (isMapLike(value)) {
        const entries = sortedEntries(value).map(
          ([key, entry]) => `${formatVerb(verb, key, flags)}:${formatVerb(verb, entry, flags)}`,
        )
        return `map[${entries.join(' ')}]`
      }
      return formatText(verb, String(value), flags)
  }
}

function formatInteger(verb: string, value: bigint, flags: Flags): string {
  switch (verb) {
    case 'd':
      return integer(value, 10, '', flags)
    case 'b':
      return integer(value, 2, '0b', flags)
    case 'o':
      return integer(value, 8, '0', flags)
    case 'O':
      return integer(value, 8, '0o', { ...flags, sharp: true })
    case 'x':
      return integer(value, 16, '0x', flags)
    case 'X':
      return integer(value, 16, '0x', flags).toUpperCase()
    case 'c':
      return pad(codePoint(value), flags)
    case 'q':
      return pad(`'${codePoint(value)}'`, flags)
    case 'U':
      return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, flags)
    default:
      return wrongVerb(verb, value)
  }
}

function integer(value: bigint, radix: number, prefix: string, flags: Flags): string {
  let digits = (value < 0n ? -value : value).toString(radix)
  if (flags.precision >= 0) digits = digits.padStart(flags.precision, '0')
  const sign = (value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '') + (flags.sharp ? prefix : '')
  if (flags.zero && !flags.minus && flags.precision < 0) digits = digits.padStart(flags.width - sign.length, '0')
  return pad(sign + digits, flags)
}

function formatFloat(verb: string, value: number, flags: Flags): string {
  switch (verb) {
    case 'f':
    case 'F':
      return number(fixedDigits(value, flags.precision < 0 ? 6 : flags.precision), value, flags)
    case 'e':
    case 'E': {
      const text = exponentDigits(value, flags.precision < 0 ? 6 : flags.precision)
      return number(verb === 'E' ? text.toUpperCase() : text, value, flags)
    }
    case 'g':
    case 'G': {
      const text = formatGeneralWith(value, flags)
      return number(verb === 'G' ? text.toUpperCase() : text, value, flags)
    }
    default:
      return wrongVerb(verb, value)
  }
}

function fixedDigits(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatGeneral(value)
  if (Math.abs(value) < 1e21) return value.toFixed(Math.min(precision, 100))
  const whole = BigInt(value).toString()
  return precision > 0 ? `${whole}.${'0'.repeat(precision)}` : whole
}

function exponentDigits(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatGeneral(value)
  const [digits, exponent] = value.toExponential(Math.min(precision, 100)).split('e')
  return `${digits}e${formatExponent(Number(exponent))}`
}

/** `%g` with an optional precision. */
function formatGeneralWith(value: number, flags: Flags): string {
  if (flags.precision < 0 || !Number.isFinite(value)) return formatGeneral(value)
  const precision = Math.min(Math.max(flags.precision, 1), 100)
  const [digits, exponentText] = value.toExponential(precision - 1).split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= precision) return `${trimZeros(digits)}e${formatExponent(exponent)}`
  return trimZeros(value.toFixed(Math.max(0, precision - 1 - exponent)))
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function number(text: string, value: number, flags: Flags): string {
  const full = signed(text, value, flags)
  if (!flags.zero || flags.minus || !Number.isFinite(value)) return pad(full, flags)
  const sign = /^[-+ ]/.test(full) ? full[0] : ''
  return sign + full.slice(sign.length).padStart(flags.width - sign.length, '0')
}

function signed(text: string, value: number, flags: Flags): string {
  if (text.startsWith('+')) return flags.plus || !Number.isFinite(value) ? text : text.slice(1)
  if (text.startsWith('-') || Number.isNaN(value)) return text
  return (flags.plus ? '+' : flags.space ? ' ' : '') + text
}

function formatText(verb: string, value: string, flags: Flags): string {
  const cut = flags.precision >= 0 ? [...value].slice(0, flags.precision).join('') : value
  switch (verb) {
    case 's':
      return pad(cut, flags)
    case 'q':
      return pad(flags.sharp && !cut.includes('`') ? `\`${cut}\`` : quote(cut), flags)
    case 'x':
      return pad(Buffer.from(cut).toString('hex'), flags)
    case 'X':
      return pad(Buffer.from(cut).toString('hex').toUpperCase(), flags)
    default:
      return wrongVerb(verb, value)
  }
}

function goSyntax(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (isMapLike(value)) {
    const entries = sortedEntries(value).map(([key, entry]) => `${goSyntax(key)}:${goSyntax(entry)}`)
    return `map[string]interface {}{${entries.join(', ')}}`
  }
  return formatValue(value)
}

function wrongVerb(verb: string, value: unknown): string {
  return `%!${verb}(${typeName(value)}=${formatValue(value)})`
}

function pad(text: string, flags: Flags): string {
  const missing = flags.width - [...text].length
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  return (flags.zero ? '0' : ' ').repeat(missing) + text
}

function codePoint(value: bigint): string {
  return value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd'
}

/** Go's strconv.Quote. */
export function quote(text: string): string {
  let quoted = '"'
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const simple = SIMPLE[character]
    if (simple !== undefined) quoted += simple
    else if (code < 32 || code === 127) quoted += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code > 127 && !PRINTABLE.test(character)) {
      quoted += code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
    } else quoted += character
  }
  return quoted + '"'
}

const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u
const SIMPLE: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\x07': '\\a',
  '\b': '\\b',
  '\v': '\\v',
  '\f': '\\f',
}
