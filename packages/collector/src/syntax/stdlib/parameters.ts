import { formatFloat, formatValue } from '../format-value.ts'
import { ArgumentError, FunctionValue, isArray, isObject, OptionalSecret, typeOf } from '../value.ts'
import type { ObjectValue, Value, ValueType } from '../value.ts'

/** Reads the arguments of one call with upstream's conversions (numbers and strings stand in for each other). */
export class Parameters {
  readonly #values: readonly Value[]
  constructor(values: readonly Value[]) {
    this.#values = values
  }

  get count(): number {
    return this.#values.length
  }

  value(index: number): Value {
    return this.#values[index]
  }

  text(index: number): string {
    const value = this.#values[index]
    const text = textOf(value)
    if (text === undefined) throw wrongType(index, value, 'string')
    return text
  }

  /** Without conversion. */
  strictText(index: number): string {
    const value = this.#values[index]
    if (typeof value !== 'string') throw wrongType(index, value, 'string')
    return value
  }

  boolean(index: number): boolean {
    const value = this.#values[index]
    if (typeof value !== 'boolean') throw wrongType(index, value, 'bool')
    return value
  }

  list(index: number): readonly Value[] {
    const value = this.#values[index]
    if (!isArray(value)) throw wrongType(index, value, 'array')
    return value
  }

  objects(index: number): readonly ObjectValue[] {
    return this.list(index).map((item) => {
      if (!isObject(item)) throw wrongType(index, item, 'object')
      return item
    })
  }
}

export function wrongType(argument: number, value: Value, expected: ValueType): ArgumentError {
  return new ArgumentError(argument, `${formatValue(value)} should be ${expected}, got ${typeOf(value)}`)
}

/** A scalar as text where upstream converts it implicitly; `undefined` where it does not. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return formatFloat(value)
  if (value instanceof OptionalSecret && !value.isSecret) return value.text
  return undefined
}

/** A function with a fixed number of arguments; `count` as a pair means from–to. */
export function define(
  name: string,
  count: number | readonly [number, number],
  body: (parameters: Parameters) => Value,
): FunctionValue {
  const [least, most] = typeof count === 'number' ? [count, count] : count
  return new FunctionValue(name, (values) => {
    if (values.length < least || values.length > most) {
      const expected = least === most ? String(least) : `${least} to ${most}`
      throw new Error(`expected ${expected} args, got ${values.length}`)
    }
    return body(new Parameters(values))
  })
}

export function namespace(functions: readonly FunctionValue[]): ObjectValue {
  return new Map(functions.map((item) => [item.name, item]))
}
