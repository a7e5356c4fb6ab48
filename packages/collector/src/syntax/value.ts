/**
 * What an expression can be worth. Integers are `bigint` (int64 and uint64 alike) and floats are `number`, because the
 * language keeps them apart: `3 / 5` is 0 and `3.0 / 5` is 0.6.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | ObjectValue
  | FunctionValue
  | Secret
  | OptionalSecret
  | Capsule

export type ObjectValue = ReadonlyMap<string, Value>

export type ValueType = 'null' | 'bool' | 'number' | 'string' | 'array' | 'object' | 'function' | 'capsule'

/** A string that must never be shown. */
export class Secret {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toJSON(): string {
    return '(secret)'
  }
}

/** A string of which a component says whether it is secret (`local.file` with `is_secret`). */
export class OptionalSecret {
  readonly text: string
  readonly isSecret: boolean
  constructor(text: string, isSecret: boolean) {
    this.text = text
    this.isSecret = isSecret
  }
  toJSON(): string {
    return this.isSecret ? '(secret)' : this.text
  }
}

/** An opaque value that one component exports for another: a place to send metrics, logs or OTLP data to. */
export class Capsule<Kind extends string = string, Inner = unknown> {
  readonly kind: Kind
  /** As upstream prints its Go type: `storage.Appendable`. */
  readonly typeName: string
  readonly inner: Inner
  /** What the UI shows instead of the type. */
  readonly description: string
  constructor(kind: Kind, typeName: string, inner: Inner, description = '') {
    this.kind = kind
    this.typeName = typeName
    this.inner = inner
    this.description = description
  }
}

export class FunctionValue {
  readonly name: string
  readonly #body: (values: readonly Value[]) => Value
  constructor(name: string, body: (values: readonly Value[]) => Value) {
    this.name = name
    this.#body = body
  }
  /** @throws ArgumentError or Error with upstream's text; the evaluator adds the position */
  call(values: readonly Value[]): Value {
    return this.#body(values)
  }
}

/** A function did not like one of its arguments. `argument` is its index, from 0. */
export class ArgumentError extends Error {
  readonly argument: number
  constructor(argument: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ArgumentError'
    this.argument = argument
  }
}

export function typeOf(value: Value): ValueType {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
    case 'number':
      return 'number'
    case 'string':
      return 'string'
    default:
  }
  if (Array.isArray(value)) return 'array'
  if (value instanceof Map) return 'object'
  if (value instanceof FunctionValue) return 'function'
  return 'capsule'
}

export function isObject(value: Value): value is ObjectValue {
  return value instanceof Map
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** Deep equality as `==` sees it: types must agree, `3 == 3.0`, functions never equal. */
export function valuesEqual(a: Value, b: Value): boolean {
  if (typeOf(a) !== typeOf(b)) return false
  // Integers and floats of one value are equal, which only loose comparison gives for a bigint and a number.
  // eslint-disable-next-line eqeqeq
  if (typeOf(a) === 'number') return a == b
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((item, index) => valuesEqual(item, b[index]))
  if (isObject(a) && isObject(b)) {
    if (a.size !== b.size) return false
    for (const [key, value] of a) {
      const other = b.get(key)
      if (other === undefined || !valuesEqual(value, other)) return false
    }
    return true
  }
  if (a instanceof FunctionValue) return false
  if (a instanceof Secret) return b instanceof Secret && a.text === b.text
  if (a instanceof OptionalSecret) return b instanceof OptionalSecret && a.text === b.text && a.isSecret === b.isSecret
  if (a instanceof Capsule) return b instanceof Capsule && a.inner === b.inner
  return a === b
}

/** From parsed JSON or YAML. Numbers become integers where `integers` says so and the number is one. */
export function valueFromData(data: unknown, integers: boolean): Value {
  if (data === null || data === undefined) return null
  if (typeof data === 'number') return integers && Number.isSafeInteger(data) ? BigInt(data) : data
  if (typeof data === 'string' || typeof data === 'boolean' || typeof data === 'bigint') return data
  if (Array.isArray(data)) return data.map((item) => valueFromData(item, integers))
  if (data instanceof Date) return data.toISOString()
  const entries = data instanceof Map ? [...data] : Object.entries(data)
  return new Map(entries.map(([key, value]) => [String(key), valueFromData(value, integers)]))
}

/** To plain data for JSON; secrets are given away only when `revealSecrets` is set. */
export function valueToData(value: Value, revealSecrets = false): unknown {
  if (isArray(value)) return value.map((item) => valueToData(item, revealSecrets))
  if (isObject(value)) {
    const keys = [...value.keys()].sort()
    return Object.fromEntries(keys.map((key) => [key, valueToData(value.get(key) ?? null, revealSecrets)]))
  }
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Secret || value instanceof OptionalSecret) return revealSecrets ? value.text : value.toJSON()
  if (value instanceof FunctionValue) return 'function'
  if (value instanceof Capsule) return `capsule(${JSON.stringify(value.typeName)})`
  return value
}
