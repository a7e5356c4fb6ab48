import type { Diagnostic, SourceText, TextRange } from '@quartet/query'
import { blockId, EXPERIMENTAL_FUNCTIONS, headerRange, isDeprecatedFunction } from '../syntax/index.ts'
import type { Block, File } from '../syntax/index.ts'
import type { StabilityLevel } from '../config/stability.ts'
import type { ComponentDefinition } from './component.ts'
import { collectReferences } from './references.ts'
import type { Reference } from './references.ts'

/** One block that becomes a component. */
export interface PlannedNode {
  readonly id: string
  readonly block: Block
  readonly definition: ComponentDefinition
  /** Ids of the components that its expressions refer to, each once. */
  readonly dependencies: readonly string[]
}

export interface Plan {
  /** Every node after all that it depends on; the order of the source where there is a choice. */
  readonly nodes: readonly PlannedNode[]
  /** `logging`, `livedebugging` … */
  readonly services: readonly Block[]
}

export interface PlanOptions {
  readonly registry: ReadonlyMap<string, ComponentDefinition>
  /** Names that exist upstream; asking for one that is not in the registry says so. */
  readonly upstreamNames: ReadonlySet<string>
  readonly services: ReadonlySet<string>
  readonly upstreamBlocks: ReadonlySet<string>
  readonly library: { has(name: string): boolean }
  readonly stability: StabilityLevel
}

const MAX_COMPONENTS = 2000

/** Turns blocks into a graph: everything that can be known without evaluating is checked here, all problems at once. */
export function planGraph(
  file: File,
  source: SourceText,
  options: PlanOptions,
): { plan: Plan; diagnostics: Diagnostic[] } {
  const planner = new Planner(source, options)
  return planner.run(file)
}

class Planner {
  readonly #source: SourceText
  readonly #options: PlanOptions
  readonly #diagnostics: Diagnostic[] = []

  constructor(source: SourceText, options: PlanOptions) {
    this.#source = source
    this.#options = options
  }

  run(file: File): { plan: Plan; diagnostics: Diagnostic[] } {
    const services: Block[] = []
    const components = new Map<string, { block: Block; definition: ComponentDefinition }>()
    const declared = new Map<string, Block>()
    for (const statement of file.body) {
      if (statement.kind === 'attribute') {
        this.#error(statement.name, 'unrecognized attribute name "' + statement.name.text + '"')
        continue
      }
      const id = blockId(statement)
      const earlier = declared.get(id)
      if (earlier) {
        const { line, column } = this.#source.lineColumn(earlier.start)
        this.#error(headerRange(statement), `block ${id} already declared at ${this.#source.name}:${line}:${column}`)
        continue
      }
      declared.set(id, statement)
      if (this.#options.services.has(statement.name)) services.push(statement)
      else {
        const definition = this.#definition(statement)
        if (definition) components.set(id, { block: statement, definition })
      }
    }
    if (components.size > MAX_COMPONENTS) this.#error(file, `more than ${MAX_COMPONENTS} components`)
    const nodes = [...components].map(([id, { block, definition }]): PlannedNode => {
      return { id, block, definition, dependencies: this.#dependencies(block, declared) }
    })
    for (const block of services) this.#dependencies(block, declared)
    return { plan: { nodes: this.#sorted(nodes), services }, diagnostics: this.#diagnostics }
  }

  #definition(block: Block): ComponentDefinition | undefined {
    const { name } = block
    const definition = this.#options.registry.get(name)
    if (!definition) {
      if (this.#options.upstreamNames.has(name)) {
        this.#error(block.nameRange, `component "${name}" exists in Alloy 1.12.1 but is not supported by Quartet yet`)
      } else if (this.#options.upstreamBlocks.has(name)) {
        this.#error(block.nameRange, `block "${name}" exists in Alloy 1.12.1 but is not supported by Quartet yet`)
      } else this.#error(block.nameRange, `cannot find the definition of component name "${name}"`)
      return undefined
    }
    if (definition.isSingleton && block.label !== '') {
      this.#error(headerRange(block), `component "${name}" does not support labels`)
    } else if (!definition.isSingleton && block.label === '') {
      this.#error(block.nameRange, `component "${name}" must have a label`)
    }
    return definition
  }

  #dependencies(block: Block, declared: ReadonlyMap<string, Block>): string[] {
    const dependencies = new Set<string>()
    for (const reference of collectReferences(block.body)) {
      const id = this.#resolve(reference, declared)
      if (id !== undefined) dependencies.add(id)
    }
    return [...dependencies]
  }

  /** The block that a path begins with. Standard library names stand for themselves when no block has them. */
  #resolve(reference: Reference, declared: ReadonlyMap<string, Block>): string | undefined {
    const { names } = reference
    for (let size = 1; size <= names.length; size++) {
      const id = names.slice(0, size).join('.')
      if (!declared.has(id)) continue
      if (this.#options.library.has(names[0]))
        this.#warn(reference.ranges[0], 'a component is shadowing an existing stdlib name')
      return id
    }
    if (this.#options.library.has(names[0])) {
      this.#checkLibraryUse(reference)
      return undefined
    }
    this.#error(reference, `component "${names.join('.')}" does not exist or is out of scope`)
    return undefined
  }

  #checkLibraryUse(reference: Reference): void {
    const { names } = reference
    if (isDeprecatedFunction(names[0])) {
      const message =
        'this stdlib function is deprecated; please refer to the documentation for updated usage and alternatives'
      this.#warn(reference.ranges[0], message)
    }
    const name = names.join('.')
    if (EXPERIMENTAL_FUNCTIONS.has(name) && this.#options.stability !== 'experimental') {
      this.#error(
        reference,
        `${name} is at stability level "experimental", which is below the minimum allowed stability level "${this.#options.stability}". Use --stability.level command-line flag to enable "experimental" features`,
      )
    }
  }

  /** Depth first; what is found on the current path is a cycle, reported once at each of its blocks. */
  #sorted(nodes: readonly PlannedNode[]): PlannedNode[] {
    const byId = new Map(nodes.map((node) => [node.id, node]))
    const state = new Map<string, 'open' | 'done'>()
    const inCycle = new Set<string>()
    const sorted: PlannedNode[] = []
    for (const root of nodes) {
      if (state.has(root.id)) continue
      const path: { node: PlannedNode; next: number }[] = [{ node: root, next: 0 }]
      state.set(root.id, 'open')
      while (path.length > 0) {
        const top = path[path.length - 1]
        if (top.next === top.node.dependencies.length) {
          state.set(top.node.id, 'done')
          sorted.push(top.node)
          path.pop()
          continue
        }
        const dependency = byId.get(top.node.dependencies[top.next++])
        if (!dependency) continue
        const known = state.get(dependency.id)
        if (known === undefined) {
          state.set(dependency.id, 'open')
          path.push({ node: dependency, next: 0 })
        } else if (known === 'open') {
          const start = path.findIndex(({ node }) => node === dependency)
          this.#cycle(
            path.slice(start).map(({ node }) => node),
            inCycle,
          )
        }
      }
    }
    return sorted
  }

  #cycle(nodes: readonly PlannedNode[], reported: Set<string>): void {
    const message =
      nodes.length === 1 ? 'component references itself' : `cycle: ${nodes.map(({ id }) => id).join(', ')}`
    for (const { id, block } of nodes) {
      if (reported.has(id)) continue
      reported.add(id)
      this.#error(headerRange(block), message)
    }
  }

  #error(range: TextRange, message: string): void {
    this.#diagnostics.push({ severity: 'error', message, range: { start: range.start, end: range.end } })
  }

  #warn(range: TextRange, message: string): void {
    this.#diagnostics.push({ severity: 'warning', message, range: { start: range.start, end: range.end } })
  }
}
