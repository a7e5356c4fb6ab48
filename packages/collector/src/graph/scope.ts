import { layeredScope } from '../syntax/index.ts'
import type { ObjectValue, Scope, Value } from '../syntax/index.ts'

/** What a block's expressions can see: the exports of the components it refers to, under their dotted names, and the library. */
export function scopeOf(
  dependencies: readonly string[],
  exportsOf: (id: string) => ObjectValue | undefined,
  library: ReadonlyMap<string, Value>,
): Scope {
  const root = new Map<string, Value>()
  for (const id of dependencies) {
    const names = id.split('.')
    const last = names.pop()!
    let level = root
    for (const name of names) {
      const next = level.get(name)
      const child = next instanceof Map ? (next as Map<string, Value>) : new Map<string, Value>()
      level.set(name, child)
      level = child
    }
    const existing = level.get(last)
    const exported = exportsOf(id) ?? new Map<string, Value>()
    level.set(last, existing instanceof Map ? new Map([...existing, ...exported]) : new Map(exported))
  }
  return layeredScope(root, library)
}
