import { parser } from '@prometheus-io/lezer-promql'

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!='

export interface Threshold {
  /** What is compared. */
  readonly expression: string
  readonly comparison: Comparison
  readonly value: number
}

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
  '==': '==',
  '!=': '!=',
}

/**
 * Takes `expression > number` apart: a graph of the whole shows nothing until the alert is there, one of the left side
 * shows how it came. Nothing for conditions of other shapes.
 */
export function thresholdOf(query: string): Threshold | undefined {
  let node = parser.parse(query).topNode.firstChild
  while (node?.name === 'ParenExpr') node = node.firstChild
  if (node?.name !== 'BinaryExpr') return undefined
  const [left, right] = [node.firstChild, node.lastChild]
  if (!left || !right) return undefined
  const comparison = query.slice(left.to, right.from).trim()
  if (!isComparison(comparison)) return undefined
  const text = (part: { from: number; to: number }): string => query.slice(part.from, part.to)
  const value = numberOf(text(right))
  if (value !== undefined) return { expression: text(left), comparison, value }
  const first = numberOf(text(left))
  return first === undefined ? undefined : { expression: text(right), comparison: mirrored[comparison], value: first }
}

function isComparison(text: string): text is Comparison {
  return text in mirrored
}

function numberOf(text: string): number | undefined {
  const plain = text.replaceAll(/[()\s]/g, '')
  const value = plain === '' ? Number.NaN : Number(plain)
  return Number.isFinite(value) ? value : undefined
}
