import type { Attribute, FieldExpression } from './ast.ts'
import { formatStatic } from './static.ts'

/** The expression as a query, in upstream's spelling. */
export function formatField(expression: FieldExpression): string {
  switch (expression.kind) {
    case 'static':
      return formatStatic(expression.value)
    case 'attribute':
      return formatAttribute(expression.attribute)
    case 'unary':
      if (expression.op === 'exists') return `${formatOperand(expression.operand)} != nil`
      return `${expression.op}${formatOperand(expression.operand)}`
    case 'binary':
      return `${formatOperand(expression.left)} ${expression.op} ${formatOperand(expression.right)}`
  }
}

function formatOperand(expression: FieldExpression): string {
  const isSimple = expression.kind === 'static' || expression.kind === 'attribute'
  return isSimple ? formatField(expression) : `(${formatField(expression)})`
}

export function formatAttribute({ scope, isParent, name, intrinsic }: Attribute): string {
  if (intrinsic !== undefined) return `${isParent ? 'parent.' : ''}${name}`
  const quoted = NEEDS_QUOTES.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name
  return `${isParent ? 'parent.' : ''}${scope === 'none' ? '' : scope}.${quoted}`
}

const NEEDS_QUOTES = /[\s{}()=~!<>&|^,"\\]/
