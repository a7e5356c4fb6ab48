import { columnOf, lineOf, TemplateError, TemplateFunctionError } from './errors.ts'
import type { ParameterKind, TemplateFunction, TemplateFunctions } from './functions.ts'
import type { CommandNode, OperandNode, Place, PipelineNode, TemplateNode, TemplateSet } from './nodes.ts'
import { formatValue, isMapLike, isTruthy, sortedEntries, typeName } from './value.ts'

const MAX_CALL_DEPTH = 100
const MAX_STEPS = 1_000_000

export interface ExecuteLimits {
  /** Most UTF-16 units of output. */
  readonly maxOutput: number
}

/** What a missing map key evaluates to: Go's `missingkey` option. */
export type MissingKey = 'default' | 'zero' | 'error'

/** A value that is not there, printed as `<no value>`. */
const NO_VALUE = Symbol('no value')
const NOT_GIVEN = Symbol('not given')
const BREAK = 1
const CONTINUE = 2

interface Variable {
  readonly name: string
  value: unknown
}

/** Runs one template with one data value. */
export class Execution {
  readonly #templates: TemplateSet
  readonly #sources: ReadonlyMap<string, string>
  readonly #functions: TemplateFunctions
  readonly #missingKey: MissingKey
  readonly #limits: ExecuteLimits
  readonly #print: (value: unknown, before: string) => string
  #output = ''
  #variables: Variable[] = []
  #name: string
  #depth = 0
  #steps = 0

  constructor(options: {
    templates: TemplateSet
    sources: ReadonlyMap<string, string>
    functions: TemplateFunctions
    missingKey: MissingKey
    limits: ExecuteLimits
    print?: ((value: unknown, before: string) => string) | undefined
    name: string
  }) {
    this.#templates = options.templates
    this.#sources = options.sources
    this.#functions = options.functions
    this.#missingKey = options.missingKey
    this.#limits = options.limits
    this.#print = options.print ?? formatValue
    this.#name = options.name
  }

  run(data: unknown): string {
    const nodes = this.#templates.get(this.#name)
    if (!nodes)
      throw new TemplateError(`template: no template "${this.#name}" associated with template "${this.#name}"`)
    this.#variables = [{ name: '$', value: data }]
    this.#list(nodes, data)
    return this.#output
  }

  /** @returns 0, or BREAK or CONTINUE when the loop around must stop or go on */
  #list(nodes: readonly TemplateNode[], dot: unknown): number {
    for (const node of nodes) {
      if (++this.#steps > MAX_STEPS) throw new TemplateError(`template: ${this.#name}: exceeded ${MAX_STEPS} steps`)
      switch (node.kind) {
        case 'text':
          this.#write(node.text)
          break
        case 'action': {
          const value = this.#pipeline(node.pipeline, dot)
          if (node.pipeline.assign === 'none')
            this.#write(
              value === NO_VALUE || value === null || value === undefined
                ? '<no value>'
                : this.#print(value, this.#output),
            )
          break
        }
        case 'break':
          return BREAK
        case 'continue':
          return CONTINUE
        case 'template':
          this.#call(node, dot)
          break
        case 'if':
        case 'with': {
          const scope = this.#variables.length
          const value = this.#pipeline(node.pipeline, dot)
          const isTrue = value !== NO_VALUE && isTruthy(value)
          const result = this.#list(isTrue ? node.body : node.otherwise, isTrue && node.kind === 'with' ? value : dot)
          this.#variables.length = scope
          if (result !== 0) return result
          break
        }
        case 'range':
          this.#range(node, dot)
          break
        default:
          node satisfies never
      }
    }
    return 0
  }

  #call(node: Extract<TemplateNode, { kind: 'template' }>, dot: unknown): void {
    const nodes = this.#templates.get(node.name)
    if (!nodes) this.#fail(node.offset, `{{template "${node.name}"}}`, `template "${node.name}" not defined`)
    if (++this.#depth > MAX_CALL_DEPTH)
      this.#fail(node.offset, `{{template "${node.name}"}}`, `exceeded maximum template depth (${MAX_CALL_DEPTH})`)
    const value = node.pipeline ? this.#pipeline(node.pipeline, dot) : undefined
    const variables = this.#variables
    const name = this.#name
    this.#variables = [{ name: '$', value }]
    this.#name = node.name
    this.#list(nodes as readonly TemplateNode[], value)
    this.#variables = variables
    this.#name = name
    this.#depth--
  }

  #range(node: Extract<TemplateNode, { kind: 'range' }>, dot: unknown): void {
    const scope = this.#variables.length
    const { assign, variables } = node.pipeline
    const value = this.#commands(node.pipeline, dot)
    const entries = this.#rangeEntries(node.pipeline, value)
    if (entries.length === 0) this.#list(node.otherwise, dot)
    for (const [key, entry] of entries) {
      if (++this.#steps > MAX_STEPS) throw new TemplateError(`template: ${this.#name}: exceeded ${MAX_STEPS} steps`)
      const element = variables.at(-1)
      if (assign === 'declare') {
        if (variables.length > 1) this.#variables.push({ name: variables[0], value: key })
        if (element !== undefined) this.#variables.push({ name: element, value: entry })
      } else if (assign === 'set') {
        if (variables.length > 1) this.#set(variables[0], key)
        if (element !== undefined) this.#set(element, entry)
      }
      const result = this.#list(node.body, entry)
      this.#variables.length = scope
      if (result === BREAK) break
    }
  }

  #rangeEntries(pipeline: PipelineNode, value: unknown): readonly (readonly [unknown, unknown])[] {
    if (value === NO_VALUE || value === null || value === undefined) return []
    if (Array.isArray(value)) return value.map((entry, index) => [BigInt(index), entry] as const)
    if (isMapLike(value)) return sortedEntries(value)
    if (typeof value === 'bigint') {
      const count = value > BigInt(MAX_STEPS) ? MAX_STEPS + 1 : Math.max(0, Number(value))
      if (count > MAX_STEPS)
        this.#fail(pipeline.offset, pipeline.text, `range over ${value} exceeds ${MAX_STEPS} steps`)
      return Array.from({ length: count }, (_, index) => [BigInt(index), BigInt(index)] as const)
    }
    return this.#fail(pipeline.offset, pipeline.text, `range can't iterate over ${formatValue(value)}`)
  }

  /** Evaluates a pipeline and stores its value in its variable. */
  #pipeline(pipeline: PipelineNode, dot: unknown): unknown {
    const value = this.#commands(pipeline, dot)
    for (const name of pipeline.variables) {
      if (pipeline.assign === 'declare') this.#variables.push({ name, value })
      else this.#set(name, value)
    }
    return value
  }

  #commands(pipeline: PipelineNode, dot: unknown): unknown {
    let value: unknown = NOT_GIVEN
    for (const command of pipeline.commands) value = this.#command(command, dot, value)
    return value
  }

  #command(command: CommandNode, dot: unknown, final: unknown): unknown {
    const [first] = command.operands
    const args = command.operands.slice(1)
    switch (first.kind) {
      case 'function':
        return this.#callFunction(first, args, dot, final, command)
      case 'field':
      case 'variable':
      case 'chain':
        return this.#member(first, dot, args, final)
      default:
        break
    }
    if (args.length > 0 || final !== NOT_GIVEN) {
      this.#fail(first.offset, first.text, `can't give argument to non-function ${first.text}`)
    }
    if (first.kind === 'nil') this.#fail(first.offset, first.text, 'nil is not a command')
    return this.#operand(first, dot)
  }

  #operand(node: OperandNode, dot: unknown): unknown {
    switch (node.kind) {
      case 'dot':
        return dot
      case 'nil':
        return null
      case 'literal':
        return node.value
      case 'pipeline':
        return this.#pipeline(node.pipeline, dot)
      case 'function':
        return this.#callFunction(node, [], dot, NOT_GIVEN)
      default:
        return this.#member(node, dot, [], NOT_GIVEN)
    }
  }

  /** A field path of dot, a variable or any operand; the last name may be a method that takes arguments. */
  #member(
    node: Extract<OperandNode, { kind: 'field' | 'variable' | 'chain' }>,
    dot: unknown,
    args: readonly OperandNode[],
    final: unknown,
  ): unknown {
    let value =
      node.kind === 'field' ? dot : node.kind === 'variable' ? this.#get(node.name) : this.#operand(node.of, dot)
    const hasArguments = args.length > 0 || final !== NOT_GIVEN
    const place = node.kind === 'chain' ? lastVisited(node.of) : node
    for (const [index, name] of node.names.entries()) {
      const isLast = index === node.names.length - 1
      value = this.#field(place, value, name, isLast ? args : [], isLast ? final : NOT_GIVEN, dot)
    }
    if (node.names.length === 0 && hasArguments)
      this.#fail(node.offset, node.text, `can't give argument to non-function ${node.text}`)
    return value
  }

  #field(
    node: Place,
    receiver: unknown,
    name: string,
    args: readonly OperandNode[],
    final: unknown,
    dot: unknown,
  ): unknown {
    if (receiver === undefined && this.#missingKey !== 'error') return NO_VALUE
    if (receiver === NO_VALUE || receiver === null || receiver === undefined) {
      return this.#fail(node.offset, node.text, `nil data; no entry for key "${name}"`)
    }
    const hasArguments = args.length > 0 || final !== NOT_GIVEN
    if (isMapLike(receiver)) {
      const value =
        receiver instanceof Map ? receiver.get(name) : Object.hasOwn(receiver, name) ? receiver[name] : undefined
      if (typeof value === 'function') return this.#method(node, name, receiver, value as Method, args, final, dot)
      if (hasArguments) this.#fail(node.offset, node.text, `${name} is not a method but has arguments`)
      if (value !== undefined) return value
      if (this.#missingKey === 'zero') return ''
      if (this.#missingKey === 'error') this.#fail(node.offset, node.text, `map has no entry for key "${name}"`)
      return NO_VALUE
    }
    // Methods of the caller's own classes; nothing that plain JavaScript values inherit can be reached.
    if (typeof receiver === 'object') {
      const prototype = Object.getPrototypeOf(receiver) as object
      const isPlain = prototype === Object.prototype || prototype === Array.prototype
      const owner =
        !Array.isArray(receiver) && Object.hasOwn(receiver, name)
          ? receiver
          : !isPlain && Object.hasOwn(prototype, name)
            ? prototype
            : undefined
      if (owner !== undefined && name !== 'constructor') {
        const value = (receiver as Record<string, unknown>)[name]
        if (typeof value === 'function') return this.#method(node, name, receiver, value as Method, args, final, dot)
        if (!hasArguments) return value
      }
    }
    return this.#fail(node.offset, node.text, `can't evaluate field ${name} in type ${typeName(receiver)}`)
  }

  #method(
    node: Place,
    name: string,
    receiver: object,
    method: Method,
    args: readonly OperandNode[],
    final: unknown,
    dot: unknown,
  ): unknown {
    const values = args.map((arg) => this.#operand(arg, dot))
    if (final !== NOT_GIVEN) values.push(final)
    if (values.length !== method.length) {
      this.#fail(node.offset, node.text, `wrong number of args for ${name}: want ${method.length} got ${values.length}`)
    }
    return this.#guard(node, name, () => method.apply(receiver, values))
  }

  #callFunction(
    node: Extract<OperandNode, { kind: 'function' }>,
    args: readonly OperandNode[],
    dot: unknown,
    final: unknown,
    /** The command that the call is, which Go quotes when the function fails. */
    command: Place = node,
  ): unknown {
    const { name } = node
    if (name === 'and' || name === 'or') return this.#logical(node, args, dot, final)
    if (name === 'call') this.#fail(node.offset, node.text, 'call of a function value is not supported')
    const target = this.#functions[name]
    const values = args.map((arg) => this.#operand(arg, dot))
    if (final !== NOT_GIVEN) values.push(final)
    const least = target.parameters.length
    if (values.length < least || (target.variadic === undefined && values.length > least)) {
      const want = target.variadic === undefined ? String(least) : `at least ${least}`
      this.#fail(node.offset, node.text, `wrong number of args for ${name}: want ${want} got ${values.length}`)
    }
    const converted = values.map((value, index) =>
      this.#argument(node, target, index, value === NO_VALUE ? undefined : value),
    )
    return this.#guard(command, name, () => target.call(...converted))
  }

  #argument(node: OperandNode, target: TemplateFunction, index: number, value: unknown): unknown {
    const kind: ParameterKind = target.parameters[index] ?? target.variadic ?? 'any'
    switch (kind) {
      case 'any':
        return value
      case 'string':
        if (typeof value === 'string') return value
        break
      case 'bool':
        if (typeof value === 'boolean') return value
        break
      case 'int':
        if (typeof value === 'bigint') return value
        break
      default:
        if (typeof value === 'number') return value
        if (typeof value === 'bigint') return Number(value)
    }
    const want = kind === 'float' ? 'float64' : kind
    if (value === null || value === undefined)
      return this.#fail(node.offset, node.text, `invalid value; expected ${want}`)
    return this.#fail(node.offset, node.text, `wrong type for value; expected ${want}; got ${typeName(value)}`)
  }

  #logical(
    node: Extract<OperandNode, { kind: 'function' }>,
    args: readonly OperandNode[],
    dot: unknown,
    final: unknown,
  ): unknown {
    const isAnd = node.name === 'and'
    let value: unknown = NOT_GIVEN
    for (const arg of args) {
      value = this.#operand(arg, dot)
      if ((value !== NO_VALUE && isTruthy(value)) !== isAnd) return value
    }
    if (final !== NOT_GIVEN) return final
    if (value === NOT_GIVEN)
      this.#fail(node.offset, node.text, `wrong number of args for ${node.name}: want at least 1 got 0`)
    return value
  }

  #guard(node: Place, name: string, call: () => unknown): unknown {
    try {
      return call()
    } catch (error) {
      if (!(error instanceof TemplateFunctionError)) throw error
      return this.#fail(node.offset, node.text, `error calling ${name}: ${error.message}`, error)
    }
  }

  #get(name: string): unknown {
    return this.#variables.findLast((variable) => variable.name === name)?.value
  }

  #set(name: string, value: unknown): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name)
    if (variable) variable.value = value
  }

  #write(text: string): void {
    if (this.#output.length + text.length > this.#limits.maxOutput) {
      throw new TemplateError(`template: ${this.#name}: output exceeds ${this.#limits.maxOutput} characters`)
    }
    this.#output += text
  }

  #fail(offset: number, context: string, message: string, cause?: unknown): never {
    const source = this.#sources.get(this.#name) ?? ''
    const where = `${this.#name}:${lineOf(source, offset)}:${columnOf(source, offset)}`
    throw new TemplateError(`template: ${where}: executing "${this.#name}" at <${context}>: ${message}`, { cause })
  }
}

/** Where Go's interpreter stands when it has evaluated an operand: at what it looked at last. */
function lastVisited(node: OperandNode): Place {
  if (node.kind !== 'pipeline') return node
  const last = node.pipeline.commands.at(-1)?.operands.at(-1)
  return last === undefined ? node : lastVisited(last)
}

type Method = (...args: unknown[]) => unknown
