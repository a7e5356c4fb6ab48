import type { TextRange } from '@quartet/query'
import type { Body, Expression } from '../syntax/index.ts'

/** A dotted path of names in an expression: `prometheus.remote_write.default.receiver`. */
export interface Reference extends TextRange {
  readonly names: readonly string[]
  /** Range of each name. */
  readonly ranges: readonly TextRange[]
}

/** All references in a body, nested blocks included, in the order of the source. */
export function collectReferences(body: Body): Reference[] {
  const found: Reference[] = []
  for (const statement of body) {
    if (statement.kind === 'attribute') walk(statement.value, found)
    else found.push(...collectReferences(statement.body))
  }
  return found
}

function walk(expression: Expression, found: Reference[]): void {
  switch (expression.kind) {
    case 'literal':
      return
    case 'identifier':
    case 'access': {
      const reference = pathOf(expression)
      if (reference) found.push(reference)
      else if (expression.kind === 'access') walk(expression.value, found)
      return
    }
    case 'array':
      for (const element of expression.elements) walk(element, found)
      return
    case 'object':
      for (const field of expression.fields) walk(field.value, found)
      return
    case 'index':
      walk(expression.value, found)
      walk(expression.index, found)
      return
    case 'call':
      walk(expression.callee, found)
      for (const argument of expression.arguments) walk(argument, found)
      return
    case 'unary':
      walk(expression.operand, found)
      return
    case 'binary':
      walk(expression.left, found)
      walk(expression.right, found)
      return
    case 'paren':
      walk(expression.inner, found)
  }
}

function pathOf(expression: Expression): Reference | undefined {
  const names: string[] = []
  const ranges: TextRange[] = []
  let node = expression
  while (node.kind === 'access') {
    names.unshift(node.name.text)
    ranges.unshift(node.name)
    node = node.value
  }
  if (node.kind !== 'identifier') return undefined
  return { names: [node.name, ...names], ranges: [node, ...ranges], start: expression.start, end: expression.end }
}
