/** Where a node begins in the template's text: UTF-16 offset; and its own text, for error messages. */
export interface Place {
  readonly offset: number
  readonly text: string
}

/** What stands in an argument position. */
export type OperandNode = Place &
  (
    | { readonly kind: 'dot' }
    | { readonly kind: 'nil' }
    | { readonly kind: 'literal'; readonly value: string | number | bigint | boolean }
    | { readonly kind: 'field'; readonly names: readonly string[] }
    | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
    | { readonly kind: 'function'; readonly name: string }
    | { readonly kind: 'pipeline'; readonly pipeline: PipelineNode }
    | { readonly kind: 'chain'; readonly of: OperandNode; readonly names: readonly string[] }
  )

export interface CommandNode extends Place {
  readonly operands: readonly OperandNode[]
}

export interface PipelineNode extends Place {
  readonly assign: 'none' | 'declare' | 'set'
  readonly variables: readonly string[]
  readonly commands: readonly CommandNode[]
}

export interface BranchNode {
  readonly pipeline: PipelineNode
  readonly body: readonly TemplateNode[]
  readonly otherwise: readonly TemplateNode[]
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: PipelineNode }
  | ({ readonly kind: 'if' } & BranchNode)
  | ({ readonly kind: 'with' } & BranchNode)
  | ({ readonly kind: 'range' } & BranchNode)
  | {
      readonly kind: 'template'
      readonly name: string
      readonly pipeline: PipelineNode | undefined
      readonly offset: number
    }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }

export type TemplateSet = Map<string, readonly TemplateNode[]>
