import type { CompareOp, LabelFilter, StageNode } from '../ast.ts'
import type { Entry } from '../engine/entry.ts'
import { ERROR_LABEL } from '../engine/entry.ts'
import { parseBytes, parseDurationNs, UnitError } from '../../config/units.ts'
import { compileIp } from './ip.ts'
import type { Stage } from './stage.ts'

const FILTER_ERROR = 'LabelFilterErr'

/** `| status >= 500 and method = "GET"`. */
export function labelFilterStage(node: Extract<StageNode, { kind: 'label_filter' }>): Stage {
  const test = compileFilter(node.filter)
  return { run: test }
}

/** A test of one entry; a value that cannot be converted marks the entry and keeps it, as upstream does. */
export function compileFilter(filter: LabelFilter): (entry: Entry) => boolean {
  switch (filter.kind) {
    case 'and': {
      const [left, right] = [compileFilter(filter.left), compileFilter(filter.right)]
      return (entry) => left(entry) && right(entry)
    }
    case 'or': {
      const [left, right] = [compileFilter(filter.left), compileFilter(filter.right)]
      return (entry) => left(entry) || right(entry)
    }
    case 'matcher': {
      const { matcher } = filter
      return (entry) => matcher.matches(entry.get(matcher.name))
    }
    case 'ip': {
      const pattern = compileIp(filter.pattern)
      const isNegative = filter.op === '!='
      return (entry) => {
        if (entry.error !== '' && filter.name !== ERROR_LABEL) return true
        if (!entry.has(filter.name)) return false
        return pattern.contains(entry.get(filter.name)) !== isNegative
      }
    }
    default:
      return compileNumeric(filter)
  }
}

function compileNumeric(
  filter: Extract<LabelFilter, { kind: 'number' | 'duration' | 'bytes' }>,
): (entry: Entry) => boolean {
  const convert = filter.kind === 'number' ? numberValue : filter.kind === 'bytes' ? bytesValue : durationValue
  const holds = comparison(filter.op, filter.value)
  return (entry) => {
    if (entry.error !== '') return true
    if (!entry.has(filter.name)) return false
    const text = entry.get(filter.name)
    if (text === '') return false
    const value = convert(text)
    if (typeof value === 'string') {
      entry.fail(FILTER_ERROR, value)
      return true
    }
    return holds(value)
  }
}

function numberValue(text: string): number | string {
  const value = parseGoFloat(text)
  return value ?? `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`
}

function bytesValue(text: string): number | string {
  return (
    parseBytes(text) ?? `strconv.ParseFloat: parsing ${JSON.stringify(text.replace(/[^0-9.].*$/, ''))}: invalid syntax`
  )
}

function durationValue(text: string): number | string {
  try {
    return parseDurationNs(text)
  } catch (error) {
    if (error instanceof UnitError) return error.message
    throw error
  }
}

/** Go's strconv.ParseFloat, undefined for what it refuses. */
export function parseGoFloat(text: string): number | undefined {
  if (/^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text)
  if (/^[-+]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  if (/^[-+]?0x[0-9a-f]+$/i.test(text))
    return text.startsWith('-') ? -Number(text.slice(1)) : Number(text.replace('+', ''))
  return undefined
}

function comparison(op: CompareOp, limit: number): (value: number) => boolean {
  switch (op) {
    case '==':
      return (value) => value === limit
    case '!=':
      return (value) => value !== limit
    case '>':
      return (value) => value > limit
    case '>=':
      return (value) => value >= limit
    case '<':
      return (value) => value < limit
    default:
      return (value) => value <= limit
  }
}
