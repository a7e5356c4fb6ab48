import { ArgumentError, FunctionValue, isArray, valuesEqual } from '../value.ts'
import type { ObjectValue, Value } from '../value.ts'
import { define, namespace, wrongType } from './parameters.ts'

export const concat = new FunctionValue('concat', (values) =>
  values.flatMap((value, index) => {
    if (!isArray(value)) throw wrongType(index, value, 'array')
    return value
  }),
)

const combineMaps = define('combine_maps', [3, 4], (parameters) => {
  const left = parameters.objects(0)
  const right = parameters.objects(1)
  const conditions = parameters.list(2).map((condition) => {
    if (typeof condition !== 'string') throw wrongType(2, condition, 'string')
    return condition
  })
  if (conditions.length === 0) throw new ArgumentError(2, 'combine_maps: merge conditions must not be empty')
  const keepUnmatched = parameters.count === 4 && parameters.boolean(3)
  return left.flatMap((object): Value[] => {
    const joined = right
      .filter((other) => agree(object, other, conditions))
      .map((other) => new Map([...object, ...other]))
    return joined.length === 0 && keepUnmatched ? [object] : joined
  })
})

const groupBy = define('group_by', 3, (parameters) => {
  const items = parameters.list(0)
  const key = parameters.strictText(1)
  const dropMissing = parameters.boolean(2)
  const groups = new Map<string, Value[]>()
  const missing: Value[] = []
  for (const object of parameters.objects(0)) {
    const value = object.get(key)
    if (value === undefined) {
      if (!dropMissing) missing.push(object)
      continue
    }
    if (typeof value !== 'string') throw wrongType(0, value, 'string')
    const group = groups.get(value)
    if (group) group.push(object)
    else groups.set(value, [object])
  }
  const result: ObjectValue[] = [...groups].map(([value, members]) => groupObject(key, value, members))
  if (items.length > 0 && missing.length > 0) result.push(groupObject(key, '', missing))
  return result
})

/** Functions on lists; `concat` is also known by its old global name. */
export const array = namespace([concat, combineMaps, groupBy])

function agree(left: ObjectValue, right: ObjectValue, keys: readonly string[]): boolean {
  return keys.every((key) => {
    const a = left.get(key)
    const b = right.get(key)
    return a !== undefined && b !== undefined && valuesEqual(a, b)
  })
}

function groupObject(key: string, value: string, items: readonly Value[]): ObjectValue {
  return new Map<string, Value>([
    [key, value],
    ['items', items],
  ])
}
