import { isArray, valueToData } from '../value.ts'
import type { ObjectValue, Value } from '../value.ts'
import { FunctionValue } from '../value.ts'
import { formatFloat, formatValue } from '../format-value.ts'
import { ArgumentError } from '../value.ts'
import { define, namespace, Parameters, textOf, wrongType } from './parameters.ts'

const functions = [
  new FunctionValue('format', (values) => {
    if (values.length === 0) throw new Error('expected at least 1 args, got 0')
    return sprintf(new Parameters(values).text(0), values.slice(1))
  }),
  define('join', 2, (parameters) => {
    const parts = parameters.list(0).map((item) => {
      const text = textOf(item)
      if (text === undefined) throw wrongType(0, item, 'string')
      return text
    })
    return parts.join(parameters.text(1))
  }),
  define('replace', 3, (parameters) => parameters.text(0).replaceAll(parameters.text(1), () => parameters.text(2))),
  define('split', 2, (parameters) => parameters.text(0).split(parameters.text(1))),
  define('to_lower', 1, (parameters) => parameters.text(0).toLowerCase()),
  define('to_upper', 1, (parameters) => parameters.text(0).toUpperCase()),
  define('trim', 2, (parameters) => trimSet(parameters.text(0), parameters.text(1))),
  define('trim_prefix', 2, (parameters) => {
    const text = parameters.text(0)
    return text.startsWith(parameters.text(1)) ? text.slice(parameters.text(1).length) : text
  }),
  define('trim_suffix', 2, (parameters) => {
    const text = parameters.text(0)
    const suffix = parameters.text(1)
    return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text
  }),
  define('trim_space', 1, (parameters) => parameters.text(0).trim()),
]

/** Functions on text; each is also known by its old global name. */
export const string: ObjectValue = namespace(functions)

function trimSet(text: string, set: string): string {
  const characters = [...text]
  let start = 0
  let end = characters.length
  while (start < end && set.includes(characters[start])) start++
  while (end > start && set.includes(characters[end - 1])) end--
  return characters.slice(start, end).join('')
}

/** The verbs of Go's fmt.Sprintf that make sense for Alloy's values, with flags, width and precision. */
export function sprintf(format: string, values: readonly Value[]): string {
  let used = 0
  const text = format.replaceAll(
    /%([-+# 0]*)(\d+)?(?:\.(\d*))?([a-zA-Z%])/g,
    (_, flags: string, width, precision, verb) => {
      if (verb === '%') return '%'
      if (used >= values.length) return `%!${verb}(MISSING)`
      const body = formatVerb(verb, values[used++], flags, precision === undefined ? undefined : Number(precision || 0))
      return pad(body, Number(width ?? 0), flags)
    },
  )
  if (used >= values.length) return text
  const extra = values.slice(used).map((value) => `${goType(value)}=${plain(value)}`)
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function formatVerb(verb: string, value: Value, flags: string, precision: number | undefined): string {
  switch (verb) {
    case 'v':
      return flags.includes('#') ? formatValue(value) : plain(value)
    case 's': {
      if (typeof value !== 'string') break
      return precision === undefined ? value : [...value].slice(0, precision).join('')
    }
    case 'q':
      if (typeof value === 'string') return formatValue(value)
      break
    case 't':
      if (typeof value === 'boolean') return String(value)
      break
    case 'd':
      if (typeof value === 'bigint') return signed(String(value), flags)
      break
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'bigint'
          ? value.toString(16)
          : typeof value === 'string'
            ? Buffer.from(value).toString('hex')
            : undefined
      if (hex !== undefined) return verb === 'X' ? hex.toUpperCase() : hex
      break
    }
    case 'b':
      if (typeof value === 'bigint') return value.toString(2)
      break
    case 'o':
      if (typeof value === 'bigint') return value.toString(8)
      break
    case 'f':
    case 'F':
      if (typeof value === 'number') return signed(value.toFixed(Math.min(precision ?? 6, 100)), flags)
      break
    case 'e':
      if (typeof value === 'number')
        return value.toExponential(Math.min(precision ?? 6, 100)).replace(/e([+-])(\d)$/, 'e$10$2')
      break
    case 'g':
      if (typeof value === 'number') return signed(formatFloat(value), flags)
      break
    case 'T':
      return goType(value)
    default:
      throw new ArgumentError(0, `unsupported verb %${verb}`)
  }
  return `%!${verb}(${goType(value)}=${plain(value)})`
}

function plain(value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatFloat(value)
  if (isArray(value)) return `[${value.map(plain).join(' ')}]`
  return value === null ? '<nil>' : typeof value === 'object' ? JSON.stringify(valueToData(value)) : String(value)
}

function goType(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float64'
    default:
      return isArray(value) ? '[]interface {}' : 'map[string]interface {}'
  }
}

function signed(text: string, flags: string): string {
  return flags.includes('+') && !text.startsWith('-') ? '+' + text : text
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0')) return text.padStart(width)
  return text.startsWith('-') ? '-' + text.slice(1).padStart(width - 1, '0') : text.padStart(width, '0')
}
