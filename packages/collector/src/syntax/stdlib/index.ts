import type { Scope } from '../evaluate.ts'
import type { Value } from '../value.ts'
import { array, concat } from './array.ts'
import { coalesce } from './coalesce.ts'
import { constants } from './constants.ts'
import { convert, nonsensitive } from './convert.ts'
import { encoding, fromBase64, fromJson, fromYaml } from './encoding.ts'
import { file } from './file.ts'
import { jsonPath } from './json-path.ts'
import { string } from './string.ts'
import { environmentFunctions } from './sys.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Old global names that upstream still accepts and warns about. */
const DEPRECATED: ReadonlySet<string> = new Set([
  'env',
  'nonsensitive',
  'concat',
  'json_decode',
  'yaml_decode',
  'base64_decode',
  ...string.keys(),
])

/** `namespace.function` names that need `--stability.level=experimental`. */
export const EXPERIMENTAL_FUNCTIONS: ReadonlySet<string> = new Set(['array.combine_maps', 'array.group_by'])

/** The names of the standard library; one namespace a file. */
export function standardLibrary(environment: Environment): ReadonlyMap<string, Value> {
  const { env, sys } = environmentFunctions(environment)
  return new Map<string, Value>([
    ...string,
    ['array', array],
    ['coalesce', coalesce],
    ['constants', constants()],
    ['convert', convert],
    ['encoding', encoding],
    ['file', file],
    ['json_path', jsonPath],
    ['string', string],
    ['sys', sys],
    ['env', env],
    ['nonsensitive', nonsensitive],
    ['concat', concat],
    ['json_decode', fromJson],
    ['yaml_decode', fromYaml],
    ['base64_decode', fromBase64],
  ])
}

export function isDeprecatedFunction(name: string): boolean {
  return DEPRECATED.has(name)
}

/** Own names first, then the library's. */
export function layeredScope(own: ReadonlyMap<string, Value>, library: ReadonlyMap<string, Value>): Scope {
  return { lookup: (name) => own.get(name) ?? library.get(name) }
}
