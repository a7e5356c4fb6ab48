import { TraceQlError } from './ast.ts'
import type { FieldExpression } from './ast.ts'
import { checkTraceQl } from './check.ts'
import { formatField } from './format.ts'
import { parseTraceQl } from './parser.ts'

/**
 * The comparisons of a query that is still being typed which surely hold for what is looked for: the complete members of one
 * conjunction. Anything with `||`, brackets or several spansets gives nothing, so that completion rather offers too much.
 */
export function extractMatchers(query: string): readonly FieldExpression[] {
  const body = /^\s*\{([^]*?)\}?\s*$/.exec(query)?.[1]
  if (body === undefined) return []
  const outside = body.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""')
  if (/[{}()]|\|\|/.test(outside)) return []
  return splitConjunction(body).flatMap((part) => parseMatcher(part))
}

/** The same as one query, as upstream prints it. */
export function extractQuery(query: string): string {
  return `{${extractMatchers(query).map(formatField).join(' && ')}}`
}

function splitConjunction(body: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < body.length; at++) {
    const char = body[at]
    if (char === '"' || char === '`') {
      for (at++; at < body.length && body[at] !== char; at++) if (body[at] === '\\' && char === '"') at++
    } else if (body.startsWith('&&', at)) {
      parts.push(body.slice(start, at))
      start = at + 2
      at++
    }
  }
  return [...parts, body.slice(start)]
}

function parseMatcher(text: string): FieldExpression[] {
  try {
    const query = parseTraceQl(`{${text}}`)
    checkTraceQl(query)
    const [stage] = query.stages
    if (stage.kind !== 'filter' || stage.expression.kind !== 'binary') return []
    const { left, right } = stage.expression
    return left.kind === 'attribute' && right.kind === 'static' ? [stage.expression] : []
  } catch (error) {
    if (error instanceof TraceQlError) return [] // still being typed
    throw error
  }
}
