import { hasErrors, SourceText } from '@quartet/query'
import type { Diagnostic } from '@quartet/query'
import { parseFile, Secret, OptionalSecret, valuesEqual } from '../syntax/index.ts'
import type { Block, ObjectValue, Value } from '../syntax/index.ts'
import type { Logger } from '@quartet/runtime'
import type { Component, ComponentContext, Health, HealthState } from './component.ts'
import { decodeBlock } from './decode.ts'
import type { ShownStatement } from './decode.ts'
import { planGraph } from './plan.ts'
import type { Plan, PlannedNode, PlanOptions } from './plan.ts'
import { scopeOf } from './scope.ts'

export interface ControllerOptions extends Omit<PlanOptions, 'library'> {
  readonly library: ReadonlyMap<string, Value>
  readonly logger: Logger
  readonly nowMs: () => number
  /** Everything of a component's context that does not belong to the graph. */
  readonly contextFor: (id: string) => Omit<ComponentContext, 'id' | 'exportsChanged' | 'setHealth'>
  /** Told the checked service blocks (`logging` …) before components start. */
  readonly checkService: (block: Block, diagnostics: Diagnostic[]) => () => void
}

/** One running component as the UI sees it. */
export interface ComponentView {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly health: Health
  readonly shown: readonly ShownStatement[]
  readonly exports: ObjectValue
  readonly debugInfo: ReadonlyMap<string, Value>
  /** Components whose exports this one reads. */
  readonly referencesTo: readonly string[]
  readonly referencedBy: readonly string[]
}

/** A configuration that cannot run. `problems` are `file:line:col: severity: message`, all of them. */
export class GraphError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'GraphError'
    this.problems = problems
  }
}

interface Node {
  planned: PlannedNode
  component: Component<unknown>
  settings: unknown
  shown: readonly ShownStatement[]
  health: Health
  isStarted: boolean
}

interface Draft {
  readonly planned: PlannedNode
  readonly existing: Node | undefined
  readonly component: Component<unknown>
  readonly settings: unknown
  readonly shown: readonly ShownStatement[]
}

/** Exports that keep changing each other must not spin for ever. */
const MAX_ROUNDS = 50

/** Runs the graph of one configuration: builds it, keeps it evaluated, replaces it as a whole or not at all. */
export class Controller {
  readonly #options: ControllerOptions
  readonly #nodes = new Map<string, Node>()
  #order: readonly string[] = []
  #work: Promise<void> = Promise.resolve()
  readonly #changed = new Set<string>()
  #isEvaluating = false
  #isStopped = false

  constructor(options: ControllerOptions) {
    this.#options = options
  }

  /** Everything that is wrong with a configuration, without running any of it. */
  check(
    name: string,
    text: string,
  ): readonly { severity: 'error' | 'warning'; line: number; column: number; message: string }[] {
    const source = new SourceText(name, text)
    const { diagnostics } = this.#prepare(source)
    return diagnostics.map(({ severity, message, range }) => ({ severity, message, ...source.lineColumn(range.start) }))
  }

  /**
   * Replaces the running graph: unchanged components go on untouched, changed ones are updated, others stopped and started.
   * @throws GraphError when the configuration has errors; the old graph is kept
   * @throws the error of a component that cannot start, when `failOnStart` (at the first start)
   */
  load(name: string, text: string, options: { failOnStart: boolean }): Promise<void> {
    return this.#exclusive(async () => {
      const source = new SourceText(name, text)
      const { drafts, plan, diagnostics, applyServices } = this.#prepare(source)
      for (const warning of diagnostics.filter(({ severity }) => severity === 'warning')) {
        this.#options.logger.warn({ at: source.format(warning) }, 'configuration warning')
      }
      if (hasErrors(diagnostics)) throw new GraphError(diagnostics.map((found) => source.format(found)))
      for (const apply of applyServices) apply()
      await this.#swap(drafts, plan, options.failOnStart)
    })
  }

  /** Receivers first, so that what they accepted still finds its way; exporters last. */
  stop(): Promise<void> {
    return this.#exclusive(async () => {
      this.#isStopped = true
      for (const id of this.#order.toReversed()) await this.#stopNode(this.#nodes.get(id)!)
      this.#nodes.clear()
      this.#order = []
    })
  }

  components(): ComponentView[] {
    return this.#order.map((id) => this.#view(this.#nodes.get(id)!))
  }

  component(id: string): ComponentView | undefined {
    const node = this.#nodes.get(id)
    return node && this.#view(node)
  }

  /** Resolves when no re-evaluation is pending. */
  settled(): Promise<void> {
    return this.#work
  }

  #prepare(source: SourceText): {
    drafts: Draft[]
    plan: Plan
    diagnostics: Diagnostic[]
    applyServices: (() => void)[]
  } {
    const parsed = parseFile(source.name, source.text)
    if (hasErrors(parsed.diagnostics)) {
      return { drafts: [], plan: { nodes: [], services: [] }, diagnostics: [...parsed.diagnostics], applyServices: [] }
    }
    const { plan, diagnostics } = planGraph(parsed.file, source, this.#options)
    const applyServices = plan.services.map((block) => this.#options.checkService(block, diagnostics))
    const drafts = this.#draft(plan, diagnostics)
    diagnostics.sort((a, b) => a.range.start - b.range.start)
    return { drafts, plan, diagnostics, applyServices }
  }

  #draft(plan: Plan, diagnostics: Diagnostic[]): Draft[] {
    const drafts = new Map<string, Draft>()
    const wasBroken = hasErrors(diagnostics)
    for (const planned of plan.nodes) {
      const scope = scopeOf(planned.dependencies, (id) => drafts.get(id)?.component.exports, this.#options.library)
      const found: Diagnostic[] = []
      const { definition } = planned
      const { value, shown } = decodeBlock(planned.block, definition.schema, scope, found)
      // Where the graph itself is broken, references have no value; only what is wrong regardless is worth telling.
      const isDoubtful = wasBroken || planned.dependencies.some((id) => !drafts.has(id))
      diagnostics.push(...found.filter(({ message }) => !isDoubtful || isAboutTheBlockItself(message)))
      if (hasErrors(found)) continue
      const existing = this.#nodes.get(planned.id)
      const reused = existing?.isStarted && existing.planned.definition === definition ? existing : undefined
      const component = reused?.component ?? definition.build(this.#context(planned.id), value)
      drafts.set(planned.id, { planned, existing: reused, component, settings: value, shown })
    }
    return [...drafts.values()]
  }

  async #swap(drafts: readonly Draft[], plan: Plan, failOnStart: boolean): Promise<void> {
    const kept = new Set(drafts.filter(({ existing }) => existing).map(({ planned }) => planned.id))
    for (const id of this.#order.toReversed()) {
      if (kept.has(id)) continue
      await this.#stopNode(this.#nodes.get(id)!)
      this.#nodes.delete(id)
    }
    this.#order = plan.nodes.map(({ id }) => id)
    for (const draft of drafts) await this.#apply(draft, failOnStart)
    await this.#evaluateChanged()
  }

  async #apply(draft: Draft, failOnStart: boolean): Promise<void> {
    const { planned, existing, component, settings, shown } = draft
    if (existing) {
      existing.planned = planned
      if (!shownEqual(existing.shown, shown)) await this.#update(existing, settings, shown)
      return
    }
    const health: Health = { state: 'unknown', message: 'component created', updatedMs: this.#options.nowMs() }
    const node: Node = { planned, component, settings, shown, health, isStarted: false }
    this.#nodes.set(planned.id, node)
    try {
      await component.start()
      node.isStarted = true
      if (node.health.state === 'unknown') this.#setHealth(planned.id, 'healthy', 'started component')
    } catch (error) {
      this.#setHealth(planned.id, 'exited', `component shut down with error: ${messageOf(error)}`)
      if (failOnStart) throw error
      this.#options.logger.error({ component: planned.id, err: error }, 'component could not start')
    }
  }

  async #update(node: Node, settings: unknown, shown: readonly ShownStatement[]): Promise<void> {
    try {
      await node.component.update(settings)
      node.settings = settings
      node.shown = shown
      this.#setHealth(node.planned.id, 'healthy', 'component evaluated')
    } catch (error) {
      this.#setHealth(node.planned.id, 'unhealthy', `component update failed: ${messageOf(error)}`)
      this.#options.logger.error(
        { component: node.planned.id, err: error },
        'component could not take its new arguments',
      )
    }
  }

  async #stopNode(node: Node): Promise<void> {
    if (!node.isStarted) return
    node.isStarted = false
    try {
      await node.component.stop()
    } catch (error) {
      this.#options.logger.error({ component: node.planned.id, err: error }, 'component did not stop cleanly')
    }
  }

  /** A component has new exports: whoever refers to it is evaluated again, in order, once per turn. */
  #exportsChanged(id: string): void {
    if (!this.#nodes.has(id) || this.#isStopped) return
    this.#changed.add(id)
    if (this.#isEvaluating) return
    this.#isEvaluating = true
    void this.#exclusive(() => this.#evaluateChanged())
  }

  async #evaluateChanged(): Promise<void> {
    try {
      for (let round = 0; this.#changed.size > 0 && !this.#isStopped; round++) {
        if (round === MAX_ROUNDS) {
          this.#options.logger.error(
            { components: [...this.#changed] },
            'exports keep changing; evaluation given up until the next change',
          )
          this.#changed.clear()
          return
        }
        const changed = new Set(this.#changed)
        this.#changed.clear()
        for (const id of this.#order) {
          const node = this.#nodes.get(id)
          if (node?.isStarted && node.planned.dependencies.some((dependency) => changed.has(dependency)))
            await this.#reevaluate(node)
        }
      }
    } finally {
      this.#isEvaluating = false
    }
  }

  async #reevaluate(node: Node): Promise<void> {
    const { planned } = node
    const scope = scopeOf(planned.dependencies, (id) => this.#nodes.get(id)?.component.exports, this.#options.library)
    const diagnostics: Diagnostic[] = []
    const { definition } = planned
    const { value, shown } = decodeBlock(planned.block, definition.schema, scope, diagnostics)
    if (hasErrors(diagnostics)) {
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      const message = errors.map((found) => found.message).join('; ')
      this.#setHealth(planned.id, 'unhealthy', `failed to evaluate: ${message}`)
      this.#options.logger.error({ component: planned.id, message }, 'component could not be evaluated again')
    } else if (!shownEqual(node.shown, shown)) await this.#update(node, value, shown)
  }

  #context(id: string): ComponentContext {
    return {
      ...this.#options.contextFor(id),
      id,
      exportsChanged: () => this.#exportsChanged(id),
      setHealth: (state, message) => this.#setHealth(id, state, message),
    }
  }

  #setHealth(id: string, state: HealthState, message: string): void {
    const node = this.#nodes.get(id)
    if (node) node.health = { state, message, updatedMs: this.#options.nowMs() }
  }

  #view(node: Node): ComponentView {
    const { id, block, dependencies } = node.planned
    const referencedBy = [...this.#nodes.values()]
      .filter((other) => other.planned.dependencies.includes(id))
      .map((other) => other.planned.id)
    return {
      id,
      name: block.name,
      label: block.label,
      health: node.health,
      shown: node.shown,
      exports: node.component.exports,
      debugInfo: node.component.debugInfo?.() ?? new Map(),
      referencesTo: dependencies,
      referencedBy,
    }
  }

  /** One change of the graph at a time. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#work.then(run)
    this.#work = result.then(
      () => undefined,
      () => undefined, // the caller of `run` gets the error; the queue goes on
    )
    return result
  }
}

function isAboutTheBlockItself(message: string): boolean {
  return /^(unrecognized|missing required|attribute "|block "|"\w+" must be)/.test(message)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Did anything change that the component can see? Capsules are equal when they are the same place. */
function shownEqual(a: readonly ShownStatement[], b: readonly ShownStatement[]): boolean {
  return (
    a.length === b.length &&
    a.every((left, index) => {
      const right = b[index]
      if (left.kind === 'attribute') {
        return right.kind === 'attribute' && left.name === right.name && sameValue(left.value, right.value)
      }
      return (
        right.kind === 'block' &&
        left.name === right.name &&
        left.label === right.label &&
        shownEqual(left.body, right.body)
      )
    })
  )
}

function sameValue(a: Value, b: Value): boolean {
  if (a instanceof Secret || a instanceof OptionalSecret) return valuesEqual(a, b)
  return typeof a === typeof b && valuesEqual(a, b)
}
