import * as overTime from './over-time.ts'
import * as rates from './rate.ts'
import type { RangeFunction } from './range-function.ts'

const byName = new Map<string, RangeFunction>()
for (const definition of [...Object.values(rates), ...Object.values(overTime)]) {
  for (const name of definition.names) byName.set(name, definition)
}

/** The functions that turn each series of a range vector into one of an instant vector. */
export function rangeFunction(name: string): RangeFunction | undefined {
  return byName.get(name)
}
