import type { FunctionValue } from '../value.ts'
import { define, namespace } from './parameters.ts'

/** An unset variable is the empty text, as upstream's os.Getenv has it. */
export function environmentFunctions(environment: Readonly<Record<string, string | undefined>>): {
  readonly env: FunctionValue
  readonly sys: ReadonlyMap<string, FunctionValue>
} {
  const env = define('env', 1, (parameters) => environment[parameters.text(0)] ?? '')
  return { env, sys: namespace([env]) as ReadonlyMap<string, FunctionValue> }
}
