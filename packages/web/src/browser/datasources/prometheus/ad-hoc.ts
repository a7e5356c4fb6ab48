import { parser } from '@prometheus-io/lezer-promql'
import { escapeString } from '../escape.ts'

export interface LabelFilter {
  readonly key: string
  readonly operator: string
  readonly value: string
}

/**
 * Adds label matchers to every selector of a PromQL expression; how ad hoc filters of a dashboard work.
 * An expression that does not parse is returned as it is, so that the store explains what is wrong with it.
 */
export function addFilters(expr: string, filters: readonly LabelFilter[]): string {
  if (filters.length === 0) return expr
  const matchers = filters.map(({ key, operator, value }) => `${key}${operator}"${escapeString(value)}"`).join(', ')
  const insertions: { readonly at: number; readonly text: string }[] = []
  parser.parse(expr).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return
      const braces = node.getChild('LabelMatchers')
      if (!braces) return void insertions.push({ at: node.to, text: `{${matchers}}` })
      const isEmpty = expr.slice(braces.from + 1, braces.to - 1).trim() === ''
      insertions.push({ at: braces.from + 1, text: isEmpty ? matchers : `${matchers}, ` })
    },
  })
  let result = expr
  for (const { at, text } of insertions.reverse()) result = result.slice(0, at) + text + result.slice(at)
  return result
}
