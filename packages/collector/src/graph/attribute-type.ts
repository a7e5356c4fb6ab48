import { DurationError, parseGoDuration } from '@quartet/query'
import {
  Capsule,
  display,
  EvaluationError,
  formatFloat,
  isArray,
  isObject,
  OptionalSecret,
  Secret,
  typeMismatch,
  typeOf,
} from '../syntax/index.ts'
import type { Expression, Value } from '../syntax/index.ts'

/** How one attribute's value becomes an argument of a component. */
export interface AttributeType<T> {
  /** For messages and documentation: `string`, `list(string)`. */
  readonly name: string
  /** The value is masked in the UI and in messages. */
  readonly isSecret: boolean
  /** @throws EvaluationError at `node` or at the part of it that does not fit */
  decode(value: Value, node: Expression): T
}

export const text: AttributeType<string> = {
  name: 'string',
  isSecret: false,
  decode(value, node) {
    if (typeof value === 'string') return value
    if (typeof value === 'bigint') return String(value)
    if (typeof value === 'number') return formatFloat(value)
    if (value instanceof OptionalSecret && !value.isSecret) return value.text
    if (value instanceof Secret || value instanceof OptionalSecret) {
      throw new EvaluationError(
        node,
        `${display(node, value)} should be string, got capsule; use convert.nonsensitive to show a secret`,
      )
    }
    throw typeMismatch(node, value, 'string')
  },
}

export const secret: AttributeType<Secret> = {
  name: 'secret',
  isSecret: true,
  decode(value, node) {
    if (value instanceof Secret) return value
    if (value instanceof OptionalSecret) return new Secret(value.text)
    return new Secret(text.decode(value, node))
  },
}

export const bool: AttributeType<boolean> = {
  name: 'bool',
  isSecret: false,
  decode(value, node) {
    if (typeof value !== 'boolean') throw typeMismatch(node, value, 'bool')
    return value
  },
}

export const float: AttributeType<number> = {
  name: 'number',
  isSecret: false,
  decode(value, node) {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number === 'bigint') return Number(number)
    if (typeof number !== 'number' || Number.isNaN(number)) throw typeMismatch(node, value, 'number')
    return number
  },
}

/** A whole number that is not negative, as all of Alloy's sizes and limits are. */
export const count: AttributeType<number> = {
  name: 'number',
  isSecret: false,
  decode(value, node) {
    const number = Math.trunc(float.decode(value, node))
    if (number < 0 || !Number.isSafeInteger(number)) {
      throw new EvaluationError(node, `${display(node, value)} should be a number of 0 or more`)
    }
    return number
  },
}

/** Go's durations, in milliseconds. */
export const duration: AttributeType<number> = {
  name: 'duration',
  isSecret: false,
  decode(value, node) {
    const written = text.decode(value, node)
    try {
      return Number(parseGoDuration(written)) / 1e6
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      throw new EvaluationError(node, `${display(node, value)} ${error.message}`, { cause: error })
    }
  },
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Sizes such as `4MiB`, in bytes. */
export const byteSize: AttributeType<number> = {
  name: 'size',
  isSecret: false,
  decode(value, node) {
    const written = text.decode(value, node)
    const found = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/.exec(written)
    const unit = found ? BYTE_UNITS[found[2].toLowerCase()] : undefined
    if (!found || unit === undefined)
      throw new EvaluationError(node, `${display(node, value)} is not a size such as 4MiB`)
    return Math.round(Number(found[1]) * unit)
  },
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): AttributeType<T> {
  return {
    name: 'string',
    isSecret: false,
    decode(value, node) {
      const written = text.decode(value, node)
      const found = words.find((word) => word === written)
      if (found === undefined) {
        throw new EvaluationError(
          node,
          `${display(node, value)} should be one of ${words.map((word) => JSON.stringify(word)).join(', ')}`,
        )
      }
      return found
    },
  }
}

export function list<T>(item: AttributeType<T>): AttributeType<readonly T[]> {
  return {
    name: `list(${item.name})`,
    isSecret: item.isSecret,
    decode(value, node) {
      if (value === null) return []
      if (!isArray(value)) throw typeMismatch(node, value, 'array')
      return value.map((element, index) =>
        item.decode(element, node.kind === 'array' ? (node.elements[index] ?? node) : node),
      )
    },
  }
}

export function map<T>(item: AttributeType<T>): AttributeType<Readonly<Record<string, T>>> {
  return {
    name: `map(${item.name})`,
    isSecret: item.isSecret,
    decode(value, node) {
      if (value === null) return {}
      if (!isObject(value)) throw typeMismatch(node, value, 'object')
      const fields =
        node.kind === 'object' ? new Map(node.fields.map((field) => [field.name.text, field.value])) : undefined
      return Object.fromEntries(
        [...value].map(([key, element]) => [key, item.decode(element, fields?.get(key) ?? node)]),
      )
    },
  }
}

/** Anything; for attributes that only pass values on. */
export const any: AttributeType<Value> = { name: 'any', isSecret: false, decode: (value) => value }

/** What a component exported under a kind: `forward_to` takes only places that fit. */
export function capsule<Inner>(kind: string, typeName: string): AttributeType<Inner> {
  return {
    name: `capsule(${typeName})`,
    isSecret: false,
    decode(value, node) {
      if (value instanceof Capsule && value.kind === kind) return value.inner as Inner
      const got = value instanceof Capsule ? `capsule(${JSON.stringify(value.typeName)})` : typeOf(value)
      throw new EvaluationError(
        node,
        `${display(node, value)} expected capsule(${JSON.stringify(typeName)}), got ${got}`,
      )
    },
  }
}

/** Label sets to scrape or to read: `[{"__address__" = "…"}]`. */
export const targets: AttributeType<readonly Readonly<Record<string, string>>[]> = list(map(text))
