import type { Evaluate, VectorElement } from '@quartet/rules'
import type { QueryEngine } from '../query/engine.ts'
import type { QueryValue } from '../query/engine.ts'
import { EvaluationError } from '../query/errors.ts'
import type { QueryGate } from '../query/query-gate.ts'
import { FLOAT, HISTOGRAM } from '../query/steps.ts'
import type { Expr } from '../query/syntax/ast.ts'

/** Parsed expressions that are kept; a rule is evaluated every few seconds. */
const CACHE_SIZE = 2000

/**
 * Runs the expressions of rules: with the limits of every query, through a gate of their own, so that alerting goes on while people
 * keep the other one busy.
 */
export function ruleQueries(options: {
  readonly engine: () => QueryEngine
  readonly gate: QueryGate
  readonly observe: (seconds: number) => void
  readonly monotonicMs: () => number
}): Evaluate {
  const { engine, gate, observe, monotonicMs } = options
  const parsed = new Map<string, Expr>()
  const parse = (text: string): Expr => {
    const known = parsed.get(text)
    if (known !== undefined) return known
    const expr = engine().parse(text)
    if (parsed.size >= CACHE_SIZE) parsed.clear()
    parsed.set(text, expr)
    return expr
  }
  return async (text, timeMs, signal) => {
    const expr = parse(text)
    return gate.run(signal, async () => {
      const startMs = monotonicMs()
      try {
        return elementsOf((await engine().instant(expr, timeMs, { signal })).value)
      } finally {
        observe((monotonicMs() - startMs) / 1000)
      }
    })
  }
}

function elementsOf(value: QueryValue): VectorElement[] {
  if (value.kind === 'vector') {
    return value.series.flatMap(({ labels, values, present, histograms }): VectorElement[] => {
      if (present[0] === FLOAT) return [{ labels, value: values[0] }]
      const histogram = present[0] === HISTOGRAM ? histograms?.[0] : undefined
      return histogram === undefined ? [] : [{ labels, value: 0, histogram }]
    })
  }
  if (value.kind === 'scalar') return [{ labels: [], value: value.value }]
  throw new EvaluationError('rule result is not a vector or scalar')
}
