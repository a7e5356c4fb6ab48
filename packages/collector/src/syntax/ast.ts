import type { TextRange } from '@quartet/query'
import type { BinaryOperator } from './token.ts'

/** Nodes are readonly tagged unions; every node carries its half-open range of UTF-16 offsets. */
export interface File extends TextRange {
  readonly body: Body
  readonly comments: readonly Comment[]
}

export interface Comment extends TextRange {
  readonly text: string
}

export type Body = readonly Statement[]
export type Statement = Attribute | Block

export interface Attribute extends TextRange {
  readonly kind: 'attribute'
  readonly name: Name
  readonly value: Expression
}

export interface Block extends TextRange {
  readonly kind: 'block'
  /** Dotted: `otelcol.receiver.otlp`. */
  readonly name: string
  /** Range of the dotted name. */
  readonly nameRange: TextRange
  /** `''` when the block has none. */
  readonly label: string
  readonly labelRange: TextRange | undefined
  readonly openCurly: number
  readonly closeCurly: number
  readonly body: Body
}

export interface Name extends TextRange {
  readonly text: string
}

export type Expression =
  | Literal
  | ArrayExpression
  | ObjectExpression
  | Identifier
  | Access
  | Index
  | Call
  | Unary
  | Binary
  | Paren

export interface Literal extends TextRange {
  readonly kind: 'literal'
  readonly type: 'string' | 'number' | 'float' | 'bool' | 'null'
  /** As written, quotes and escapes included. */
  readonly text: string
}

export interface ArrayExpression extends TextRange {
  readonly kind: 'array'
  readonly elements: readonly Expression[]
}

export interface ObjectField {
  /** `text` is unquoted. */
  readonly name: Name
  readonly quoted: boolean
  readonly value: Expression
}

export interface ObjectExpression extends TextRange {
  readonly kind: 'object'
  readonly fields: readonly ObjectField[]
}

export interface Identifier extends TextRange {
  readonly kind: 'identifier'
  readonly name: string
}

export interface Access extends TextRange {
  readonly kind: 'access'
  readonly value: Expression
  readonly name: Name
}

export interface Index extends TextRange {
  readonly kind: 'index'
  readonly value: Expression
  readonly index: Expression
}

export interface Call extends TextRange {
  readonly kind: 'call'
  readonly callee: Expression
  readonly arguments: readonly Expression[]
}

export interface Unary extends TextRange {
  readonly kind: 'unary'
  readonly operator: '!' | '-'
  readonly operand: Expression
}

export interface Binary extends TextRange {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export interface Paren extends TextRange {
  readonly kind: 'paren'
  readonly inner: Expression
}

/** `otelcol.receiver.otlp.default`, or the name alone when there is no label: how a block is referred to. */
export function blockId(block: Block): string {
  return block.label === '' ? block.name : `${block.name}.${block.label}`
}

/** From the name to before the opening curly: what upstream underlines when it means the block as declared. */
export function headerRange(block: Block): TextRange {
  return { start: block.start, end: block.labelRange?.end ?? block.nameRange.end }
}
