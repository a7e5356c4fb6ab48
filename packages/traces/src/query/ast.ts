import type { TextRange } from '@quartet/query'
import type { ArithmeticOp, CompareOp, Static } from './static.ts'

export type Intrinsic =
  | 'duration'
  | 'name'
  | 'status'
  | 'statusMessage'
  | 'kind'
  | 'childCount'
  | 'parent'
  | 'traceDuration'
  | 'rootName'
  | 'rootServiceName'
  | 'nestedSetLeft'
  | 'nestedSetRight'
  | 'nestedSetParent'
  | 'trace:id'
  | 'span:id'
  | 'span:parentID'
  | 'event:name'
  | 'event:timeSinceStart'
  | 'link:traceID'
  | 'link:spanID'
  | 'instrumentation:name'
  | 'instrumentation:version'

export type AttributeScope = 'none' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation'

export interface Attribute {
  readonly scope: AttributeScope
  /** `parent.x`: parsed, but not evaluated (as upstream). */
  readonly isParent: boolean
  readonly name: string
  readonly intrinsic: Intrinsic | undefined
}

export type FieldOp = CompareOp | ArithmeticOp | '&&' | '||'

export type FieldExpression =
  | { readonly kind: 'static'; readonly value: Static; readonly range: TextRange }
  | { readonly kind: 'attribute'; readonly attribute: Attribute; readonly range: TextRange }
  | {
      readonly kind: 'unary'
      readonly op: '-' | '!' | 'exists'
      readonly operand: FieldExpression
      readonly range: TextRange
    }
  | {
      readonly kind: 'binary'
      readonly op: FieldOp
      readonly left: FieldExpression
      readonly right: FieldExpression
      readonly range: TextRange
    }

export type StructuralOp = '>' | '>>' | '<' | '<<' | '~'
export type SpansetOp = '&&' | '||' | StructuralOp | `!${StructuralOp}` | `&${StructuralOp}`

export interface SpansetFilter {
  readonly kind: 'filter'
  readonly expression: FieldExpression
}

export type SpansetExpression =
  | SpansetFilter
  | {
      readonly kind: 'operation'
      readonly op: SpansetOp
      readonly left: SpansetExpression
      readonly right: SpansetExpression
    }
  | { readonly kind: 'pipeline'; readonly stages: readonly Stage[] }

export type AggregateOp = 'count' | 'min' | 'max' | 'avg' | 'sum'

export type ScalarExpression =
  | { readonly kind: 'static'; readonly value: Static }
  | { readonly kind: 'aggregate'; readonly op: AggregateOp; readonly expression: FieldExpression | undefined }
  | {
      readonly kind: 'arithmetic'
      readonly op: ArithmeticOp
      readonly left: ScalarExpression
      readonly right: ScalarExpression
    }
  | { readonly kind: 'scalarPipeline'; readonly stages: readonly Stage[]; readonly aggregate: ScalarExpression }

export interface ScalarFilter {
  readonly kind: 'scalarFilter'
  readonly op: CompareOp
  readonly left: ScalarExpression
  readonly right: ScalarExpression
}

export type Stage =
  | SpansetExpression
  | ScalarFilter
  | { readonly kind: 'group'; readonly expression: FieldExpression }
  | { readonly kind: 'coalesce' }
  | { readonly kind: 'select'; readonly attributes: readonly Attribute[] }

export interface MetricsAggregate {
  readonly name:
    | 'rate'
    | 'count_over_time'
    | 'min_over_time'
    | 'max_over_time'
    | 'avg_over_time'
    | 'sum_over_time'
    | 'quantile_over_time'
    | 'histogram_over_time'
    | 'compare'
  readonly attribute: Attribute | undefined
  readonly quantiles: readonly number[]
  readonly by: readonly Attribute[]
  readonly selection: SpansetFilter | undefined
}

export interface MetricsSecondStage {
  readonly name: 'topk' | 'bottomk'
  readonly limit: number
}

export interface TraceQlQuery {
  readonly stages: readonly Stage[]
  readonly metrics: MetricsAggregate | undefined
  readonly secondStage: MetricsSecondStage | undefined
  readonly hints: ReadonlyMap<string, Static>
}

/** A query that is not TraceQL, with upstream's text. */
export class TraceQlError extends Error {
  readonly range: TextRange | undefined
  constructor(message: string, range?: TextRange) {
    super(message)
    this.name = 'TraceQlError'
    this.range = range
  }
}
