import { hasErrors } from '@quartet/query'
import type { Diagnostic, TextRange } from '@quartet/query'
import { evaluate, EvaluationError, headerRange, OptionalSecret, Secret } from '../syntax/index.ts'
import type { Attribute, Block, Body, Scope, Value } from '../syntax/index.ts'
import type { AttributeMember, BlocksMember, BodySchema, Member, NoEffect, Stage, StagesMember } from './schema.ts'

/** Arguments as they are shown: evaluated, secrets masked where they are printed. Order of the source. */
export type ShownStatement =
  | { readonly kind: 'attribute'; readonly name: string; readonly value: Value }
  | { readonly kind: 'block'; readonly name: string; readonly label: string; readonly body: readonly ShownStatement[] }

export interface DecodedBody<T> {
  /** Only to be used when the diagnostics hold no error. */
  readonly value: T
  readonly shown: readonly ShownStatement[]
}

/** Evaluates a block's body and checks it against its schema. All problems are added to `diagnostics`. */
export function decodeBlock<T>(
  block: { readonly body: Body } & TextRange,
  schema: BodySchema<T>,
  scope: Scope,
  diagnostics: Diagnostic[],
): DecodedBody<T> {
  const decoder = new Decoder(scope, diagnostics)
  return decoder.body(block, schema)
}

/** Defaults of a block that is not written. */
function defaults(schema: BodySchema<unknown>): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(schema.members)) {
    if (member.kind === 'attribute') value[name] = member.default
    else if (member.kind === 'blocks') value[name] = []
    else if (member.kind === 'stages') value[name] = []
    else if (member.kind === 'block') value[name] = member.always ? defaults(member.body()) : undefined
  }
  return value
}

class Decoder {
  readonly #scope: Scope
  readonly #diagnostics: Diagnostic[]

  constructor(scope: Scope, diagnostics: Diagnostic[]) {
    this.#scope = scope
    this.#diagnostics = diagnostics
  }

  body<T>(block: { readonly body: Body } & TextRange, schema: BodySchema<T>): DecodedBody<T> {
    const before = this.#diagnostics.length
    const value = defaults(schema as BodySchema<unknown>)
    const shown: ShownStatement[] = []
    const seen = new Map<string, number>()
    for (const statement of block.body) {
      const name = statement.kind === 'attribute' ? statement.name.text : statement.name
      seen.set(name, (seen.get(name) ?? 0) + 1)
      if (statement.kind === 'attribute') this.#attribute(statement, schema.members, value, shown, seen)
      else this.#block(statement, schema.members, value, shown, seen)
    }
    this.#missing(block, schema.members, seen)
    if (!hasErrors(this.#diagnostics.slice(before)) && schema.check) {
      const problem = schema.check(value as T)
      if (problem !== undefined) this.#error(block, problem)
    }
    return { value: value as T, shown }
  }

  #attribute(
    attribute: Attribute,
    members: Readonly<Record<string, Member>>,
    value: Record<string, unknown>,
    shown: ShownStatement[],
    seen: ReadonlyMap<string, number>,
  ): void {
    const name = attribute.name.text
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (seen.get(name)! > 1) return this.#error(attribute, `attribute "${name}" may only be provided once`)
    if (!member || member.kind === 'stages') return this.#error(attribute, `unrecognized attribute name "${name}"`)
    if (member.kind === 'unsupported') return this.#error(attribute, notYet('attribute', name))
    if (member.kind !== 'attribute')
      return this.#error(attribute, `"${name}" must be a block, but is used as an attribute`)
    try {
      const evaluated = evaluate(attribute.value, this.#scope)
      shown.push({ kind: 'attribute', name, value: mask(evaluated, member) })
      if (evaluated === null && !member.required) return
      const decoded = member.type.decode(evaluated, attribute.value)
      value[name] = decoded
      if (!member.noEffect?.unless.includes(decoded)) this.#warn(attribute, `attribute "${name}"`, member.noEffect)
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      this.#diagnostics.push(error.diagnostic())
    }
  }

  #block(
    block: Block,
    members: Readonly<Record<string, Member>>,
    value: Record<string, unknown>,
    shown: ShownStatement[],
    seen: ReadonlyMap<string, number>,
  ): void {
    const { name } = block
    const member = Object.hasOwn(members, name) ? members[name] : stagesWith(name, members)
    if (!member) return this.#error(block, `unrecognized block name "${name}"`)
    if (member.kind === 'unsupported') return this.#error(block, notYet('block', name))
    if (member.kind === 'attribute') return this.#error(block, `"${name}" must be an attribute, but is used as a block`)
    if (member.kind === 'block' && seen.get(name)! > 1)
      return this.#error(block, `block "${name}" may only be specified once`)
    if (block.label !== '') return this.#error(headerRange(block), `block "${name}" does not support specifying labels`)
    if (member.kind === 'block') this.#warn(headerRange(block), `block "${name}"`, member.noEffect)
    const schema = member.kind === 'stages' ? member.bodies()[name] : member.body()
    const decoded = this.body(block, schema)
    shown.push({ kind: 'block', name, label: block.label, body: decoded.shown })
    if (member.kind === 'block') value[name] = decoded.value
    else if (member.kind === 'blocks') (value[name] as unknown[]).push(decoded.value)
    else {
      const key = Object.keys(members).find((candidate) => members[candidate] === member)!
      ;(value[key] as Stage[]).push({ name, value: decoded.value, at: { start: block.start, end: block.end } })
    }
  }

  #missing(block: TextRange, members: Readonly<Record<string, Member>>, seen: ReadonlyMap<string, number>): void {
    for (const [name, member] of Object.entries(members)) {
      if (seen.has(name)) continue
      if (member.kind === 'attribute' && member.required) this.#error(block, `missing required attribute "${name}"`)
      else if (isRequiredBlock(member)) this.#error(block, `missing required block "${name}"`)
    }
  }

  #warn(range: TextRange, what: string, noEffect: NoEffect | undefined): void {
    if (!noEffect) return
    const message = `${what} has no effect in Quartet: ${noEffect.reason}`
    this.#diagnostics.push({ severity: 'warning', message, range: { start: range.start, end: range.end } })
  }

  #error(range: TextRange, message: string): void {
    this.#diagnostics.push({ severity: 'error', message, range: { start: range.start, end: range.end } })
  }
}

function notYet(kind: string, name: string): string {
  return `${kind} "${name}" exists in Alloy 1.12.1 but is not supported by Quartet yet`
}

function isRequiredBlock(member: Member): boolean {
  return (
    (member.kind === 'block' && member.required) ||
    (member.kind === 'blocks' && (member as BlocksMember<unknown>).least > 0)
  )
}

function stagesWith(name: string, members: Readonly<Record<string, Member>>): StagesMember | undefined {
  for (const member of Object.values(members)) {
    if (member.kind === 'stages' && Object.hasOwn(member.bodies(), name)) return member
  }
  return undefined
}

function mask(value: Value, member: AttributeMember<unknown, boolean>): Value {
  if (!member.type.isSecret || value === null) return value
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, mask(item as Value, member)]))
  if (Array.isArray(value)) return value.map((item: Value) => mask(item, member))
  return typeof value === 'string'
    ? new Secret(value)
    : value instanceof OptionalSecret
      ? new Secret(value.text)
      : value
}
