import { OptionalSecret, Secret } from '../value.ts'
import { define, namespace, textOf, wrongType } from './parameters.ts'

export const nonsensitive = define('nonsensitive', 1, (parameters) => {
  const value = parameters.value(0)
  if (value instanceof Secret || value instanceof OptionalSecret) return value.text
  const text = textOf(value)
  if (text === undefined) throw wrongType(0, value, 'capsule')
  return text
})

/** Conversions between kinds of values; `nonsensitive` is also known by its old global name. */
export const convert = namespace([nonsensitive])
