import type { TextRange } from '@quartet/query'

export type TokenKind =
  | 'ILLEGAL'
  | 'EOF'
  | 'COMMENT'
  | 'IDENT'
  | 'NUMBER'
  | 'FLOAT'
  | 'STRING'
  | 'NULL'
  | 'BOOL'
  | 'TERMINATOR'
  | Punctuation

export type Punctuation = keyof typeof SYMBOLS

/** `text` is the source text of literals, identifiers and comments (comments without carriage returns), else `''`. */
export interface Token extends TextRange {
  readonly kind: TokenKind
  readonly text: string
}

const SYMBOLS = {
  OR: '||',
  AND: '&&',
  NOT: '!',
  ASSIGN: '=',
  EQ: '==',
  NEQ: '!=',
  LT: '<',
  LTE: '<=',
  GT: '>',
  GTE: '>=',
  ADD: '+',
  SUB: '-',
  MUL: '*',
  DIV: '/',
  MOD: '%',
  POW: '^',
  LCURLY: '{',
  RCURLY: '}',
  LPAREN: '(',
  RPAREN: ')',
  LBRACK: '[',
  RBRACK: ']',
  COMMA: ',',
  DOT: '.',
} as const

/** Binary operators as they are written; the tag of a binary expression. */
export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | '^'

/** How upstream's messages name a token. */
export function tokenName(kind: TokenKind): string {
  return kind in SYMBOLS ? SYMBOLS[kind as Punctuation] : kind
}

const PRECEDENCE: Partial<Record<TokenKind, number>> = {
  OR: 1,
  AND: 2,
  EQ: 3,
  NEQ: 3,
  LT: 3,
  LTE: 3,
  GT: 3,
  GTE: 3,
  ADD: 4,
  SUB: 4,
  MUL: 5,
  DIV: 5,
  MOD: 5,
  POW: 6,
}

/** 0 for what is no binary operator; a higher number binds tighter. */
export function binaryPrecedence(kind: TokenKind): number {
  return PRECEDENCE[kind] ?? 0
}

export function binaryOperator(kind: TokenKind): BinaryOperator {
  return SYMBOLS[kind as Punctuation] as BinaryOperator
}
