import { quoteGo } from '@quartet/query'
import type { TextRange } from '@quartet/query'
import type { Token } from './lexer.ts'

/** Keywords and names of functions are metric names where nothing else is possible. */
export function isMetricName(token: Token): boolean {
  switch (token.kind) {
    case 'identifier':
    case 'metricIdentifier':
    case 'aggregator':
    case 'preprocessor':
      return true
    case 'operator':
      return token.id === 'and' || token.id === 'or' || token.id === 'unless'
    case 'keyword':
      return ['by', 'offset', 'without', 'anchored', 'smoothed'].includes(token.id)
    default:
      return false
  }
}

export function isLabelName(token: Token): boolean {
  if (token.kind === 'operator') return ['and', 'or', 'unless', 'atan2'].includes(token.id)
  if (token.kind === 'keyword') return token.id !== 'without'
  return isMetricName(token)
}

/** Upstream's Item.desc. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'eof':
      return 'end of input'
    case 'identifier':
      return `identifier ${quoteGo(token.text)}`
    case 'metricIdentifier':
      return `metric identifier ${quoteGo(token.text)}`
    case 'keyword':
      return `<${token.text}>`
    case 'operator':
      return `<op:${token.text}>`
    case 'aggregator':
      return `<aggr:${token.text}>`
    case 'number':
    case 'duration':
    case 'string':
      return `${token.kind} ${shorten(token.text)}`
    default:
      return shorten(token.text)
  }
}

function shorten(text: string): string {
  return Buffer.byteLength(text) > 10 ? `${quoteGo([...text].slice(0, 10).join(''))}...` : quoteGo(text)
}

export function rangeOf(token: Token): TextRange {
  return { start: token.start, end: token.end }
}
