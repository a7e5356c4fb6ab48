import type { AttributeType } from './attribute-type.ts'

/**
 * What may stand in the body of a block, as one object literal per component. {@link Decoded} gives the type of the arguments,
 * so that a component's schema and the type it works with cannot drift apart.
 */
export interface BodySchema<T> {
  readonly members: Readonly<Record<string, Member>>
  /** Problems that no single attribute has: `undefined`, or a message for the whole block. */
  check?(decoded: T): string | undefined
  /** Phantom. */
  readonly decodes?: T
}

export type Member =
  | AttributeMember<unknown, boolean>
  | BlockMember<unknown>
  | BlocksMember<unknown>
  | StagesMember
  | UnsupportedMember

/** Why an attribute or block that is read has nothing to act on; writing it is a warning that says so. */
export interface NoEffect {
  readonly reason: string
  /** Values that ask for what is done anyway, so that they need no warning. */
  readonly unless: readonly unknown[]
}

/** An attribute or block that upstream has and this component has not yet: using it is an error that says so. */
export interface UnsupportedMember {
  readonly kind: 'unsupported'
}

export interface AttributeMember<T, Required extends boolean> {
  readonly kind: 'attribute'
  readonly type: AttributeType<T>
  readonly required: Required
  readonly default: T | undefined
  readonly noEffect?: NoEffect
}

/** At most one block of the name. Without it the argument is `undefined`, or what an empty block gives with `always`. */
export interface BlockMember<T> {
  readonly kind: 'block'
  readonly body: () => BodySchema<T>
  readonly required: boolean
  readonly always: boolean
  readonly noEffect?: NoEffect
}

/** Any number of blocks of the name. */
export interface BlocksMember<T> {
  readonly kind: 'blocks'
  readonly body: () => BodySchema<T>
  readonly least: number
  readonly labelled: boolean
}

/** Blocks of several names `prefix.x` whose order matters, such as the stages of loki.process. */
export interface StagesMember {
  readonly kind: 'stages'
  readonly bodies: () => Readonly<Record<string, BodySchema<unknown>>>
}

export interface Stage {
  readonly name: string
  readonly value: unknown
  readonly at: { readonly start: number; readonly end: number }
}

type MemberValue<M> =
  M extends AttributeMember<infer T, infer R>
    ? R extends true
      ? T
      : T
    : M extends BlocksMember<infer T>
      ? readonly T[]
      : M extends BlockMember<infer T>
        ? T | undefined
        : M extends StagesMember
          ? readonly Stage[]
          : never

type AlwaysBlock<T> = BlockMember<T> & { readonly always: true }
type OptionalAttribute<T> = AttributeMember<T | undefined, false>

export type Decoded<S> = S extends BodySchema<infer T> ? T : never

type FromMembers<Members> = {
  readonly [Key in keyof Members]: Members[Key] extends AlwaysBlock<infer T> ? T : MemberValue<Members[Key]>
}

export function body<const Members extends Readonly<Record<string, unknown>>>(
  members: Members,
  check?: (decoded: FromMembers<Members>) => string | undefined,
): BodySchema<FromMembers<Members>> {
  const schema = { members: members as unknown as Readonly<Record<string, Member>> }
  return check ? { ...schema, check } : schema
}

export function required<T>(type: AttributeType<T>): AttributeMember<T, true> {
  return { kind: 'attribute', type, required: true, default: undefined }
}

export function withDefault<T>(type: AttributeType<T>, value: NoInfer<T>): AttributeMember<T, true> {
  return { kind: 'attribute', type, required: false as unknown as true, default: value }
}

export function optional<T>(type: AttributeType<T>): OptionalAttribute<T> {
  return { kind: 'attribute', type, required: false, default: undefined }
}

export function optionalBlock<T>(schema: () => BodySchema<T>): BlockMember<T> {
  return { kind: 'block', body: schema, required: false, always: false }
}

export function requiredBlock<T>(schema: () => BodySchema<T>): AlwaysBlock<T> {
  return { kind: 'block', body: schema, required: true, always: true }
}

/** A block whose defaults hold when it is not written. */
export function defaultBlock<T>(schema: () => BodySchema<T>): AlwaysBlock<T> {
  return { kind: 'block', body: schema, required: false, always: true }
}

export function blocks<T>(schema: () => BodySchema<T>, least = 0): BlocksMember<T> {
  return { kind: 'blocks', body: schema, least, labelled: false }
}

export function stages(bodies: () => Readonly<Record<string, BodySchema<unknown>>>): StagesMember {
  return { kind: 'stages', bodies }
}

/** Takes an attribute or block for the sake of upstream's configurations, and warns at its position that it changes nothing here. */
export function withoutEffect<M extends AttributeMember<unknown, boolean> | BlockMember<unknown>>(
  member: M,
  reason: string,
  ...unless: readonly unknown[]
): M {
  return { ...member, noEffect: { reason, unless } }
}

export const unsupported: UnsupportedMember = { kind: 'unsupported' }
