import { detectedHint } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import type { SampleColumns } from './source.ts'
import type { Expr, VectorSelector } from './syntax/ast.ts'

const STATS_FUNCTIONS = new Set(['histogram_count', 'histogram_sum', 'histogram_avg'])
const BUCKET_FUNCTIONS = new Set(['histogram_quantile', 'histogram_fraction'])

/**
 * The selectors of which only count and sum of histograms are asked for. Upstream reads those in another way, which also finds out about
 * resets; warnings about conflicting ones show it.
 */
export function findStatsSelectors(expr: Expr): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>()
  visit(expr, false)
  return found

  function visit(node: Expr, isStats: boolean): void {
    switch (node.kind) {
      case 'vectorSelector':
        if (isStats) found.add(node)
        return
      case 'matrixSelector':
        return visit(node.selector, isStats)
      case 'call': {
        const { name } = node.func
        const forArgs = STATS_FUNCTIONS.has(name) || (isStats && !BUCKET_FUNCTIONS.has(name))
        for (const arg of node.args) visit(arg, forArgs)
        return
      }
      // What stands inside of these is evaluated by itself.
      case 'binary':
        visit(node.left, false)
        return visit(node.right, false)
      case 'subquery':
        return visit(node.expr, false)
      case 'paren':
      case 'unary':
        return visit(node.expr, isStats)
      case 'aggregate':
        if (node.param !== undefined) visit(node.param, false)
        return visit(node.expr, isStats)
      default:
    }
  }
}

/** Replaces hints that are not known by what a look at the sample before tells. */
export function detectResets(samples: SampleColumns): void {
  const { histograms, count } = samples
  if (histograms === undefined) return
  let previous: NativeHistogram | undefined
  for (let index = 0; index < count; index++) {
    const current = histograms[index]
    if (current === undefined) continue
    histograms[index] = { ...current, resetHint: detectedHint(previous, current) }
    previous = current
  }
}
