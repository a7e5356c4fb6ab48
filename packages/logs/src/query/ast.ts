import type { Matcher } from '@quartet/query'

/*
 * The LogQL syntax tree. Every node is frozen data; what a stage does lives in its own file below stages/, named in
 * stages/registry.ts.
 */

export type LineOp = '|=' | '!=' | '|~' | '!~' | '|>' | '!>'

/** One operand of a line filter: a text, or an address range `ip("…")`. */
export interface LineOperand {
  readonly value: string
  readonly isIp: boolean
}

export type CompareOp = '==' | '!=' | '>' | '>=' | '<' | '<='

export type LabelFilter =
  | { readonly kind: 'matcher'; readonly matcher: Matcher }
  | { readonly kind: 'ip'; readonly name: string; readonly op: '=' | '!='; readonly pattern: string }
  | {
      readonly kind: 'number' | 'duration' | 'bytes'
      readonly name: string
      readonly op: CompareOp
      /** A duration is in nanoseconds. */
      readonly value: number
      readonly text: string
    }
  | { readonly kind: 'and' | 'or'; readonly left: LabelFilter; readonly right: LabelFilter }

/** `name="expression"` of json and logfmt. */
export interface Extraction {
  readonly name: string
  readonly expression: string
}

export type LabelFormat =
  | { readonly name: string; readonly rename: string }
  | { readonly name: string; readonly template: string }

/** `drop` and `keep` take names or matchers. */
export type NamedMatcher = { readonly name: string; readonly matcher: Matcher | undefined }

export type StageNode =
  | { readonly kind: 'line'; readonly op: LineOp; readonly operands: readonly LineOperand[] }
  | { readonly kind: 'json'; readonly extractions: readonly Extraction[] }
  | {
      readonly kind: 'logfmt'
      readonly strict: boolean
      readonly keepEmpty: boolean
      readonly extractions: readonly Extraction[]
    }
  | { readonly kind: 'regexp' | 'pattern'; readonly pattern: string }
  | { readonly kind: 'unpack' | 'decolorize' }
  | { readonly kind: 'label_filter'; readonly filter: LabelFilter }
  | { readonly kind: 'line_format'; readonly template: string }
  | { readonly kind: 'label_format'; readonly formats: readonly LabelFormat[] }
  | { readonly kind: 'drop' | 'keep'; readonly labels: readonly NamedMatcher[] }

export interface SelectorNode {
  readonly kind: 'selector'
  readonly matchers: readonly Matcher[]
  readonly stages: readonly StageNode[]
}

export interface UnwrapNode {
  readonly label: string
  readonly conversion: '' | 'bytes' | 'duration' | 'duration_seconds'
  /** Label filters behind `unwrap`. */
  readonly filters: readonly LabelFilter[]
}

export interface RangeNode {
  readonly selector: SelectorNode
  readonly rangeNs: bigint
  readonly offsetNs: bigint
  readonly unwrap: UnwrapNode | undefined
}

export interface Grouping {
  readonly without: boolean
  readonly labels: readonly string[]
}

export const RANGE_OPERATIONS = [
  'rate',
  'rate_counter',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'avg_over_time',
  'sum_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
] as const
export type RangeOperation = (typeof RANGE_OPERATIONS)[number]

export const VECTOR_OPERATIONS = [
  'sum',
  'avg',
  'max',
  'min',
  'count',
  'stddev',
  'stdvar',
  'bottomk',
  'topk',
  'approx_topk',
  'sort',
  'sort_desc',
] as const
export type VectorOperation = (typeof VECTOR_OPERATIONS)[number]

export type BinaryOperation =
  | 'or'
  | 'and'
  | 'unless'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '=='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='

export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many'
  readonly on: boolean
  readonly labels: readonly string[]
  readonly include: readonly string[]
}

export type MetricNode =
  | {
      readonly kind: 'range'
      readonly operation: RangeOperation
      readonly range: RangeNode
      readonly parameter: number | undefined
      readonly grouping: Grouping | undefined
    }
  | {
      readonly kind: 'aggregate'
      readonly operation: VectorOperation
      readonly parameter: number
      readonly grouping: Grouping | undefined
      readonly of: MetricNode
    }
  | {
      readonly kind: 'binary'
      readonly operation: BinaryOperation
      readonly returnBool: boolean
      readonly matching: VectorMatching | undefined
      readonly left: MetricNode
      readonly right: MetricNode
    }
  | {
      readonly kind: 'label_replace'
      readonly of: MetricNode
      readonly target: string
      readonly replacement: string
      readonly source: string
      readonly pattern: string
    }
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'vector'; readonly value: number }
  | { readonly kind: 'variants'; readonly variants: readonly MetricNode[]; readonly of: RangeNode }

export type QueryNode = SelectorNode | MetricNode
