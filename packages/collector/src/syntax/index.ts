export type * from './ast.ts'
export { blockId, headerRange } from './ast.ts'
export { display, evaluate, EvaluationError, typeMismatch } from './evaluate.ts'
export type { Scope } from './evaluate.ts'
export { formatFloat, formatKey, formatValue } from './format-value.ts'
export { isValidIdentifier, sanitizeIdentifier } from './identifier.ts'
export { jsonValue } from './json-value.ts'
export type { JsonValue } from './json-value.ts'
export { parseExpression, parseFile } from './parser.ts'
export type { ParsedFile } from './parser.ts'
export { Scanner } from './scanner.ts'
export { EXPERIMENTAL_FUNCTIONS, isDeprecatedFunction, layeredScope, standardLibrary } from './stdlib/index.ts'
export type { Environment } from './stdlib/index.ts'
export {
  Capsule,
  FunctionValue,
  isArray,
  isObject,
  OptionalSecret,
  Secret,
  typeOf,
  valueFromData,
  valuesEqual,
  valueToData,
} from './value.ts'
export type { ObjectValue, Value } from './value.ts'
