import { compileRegex } from '@quartet/query'
import { body, optional, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { regexProblem } from './regex-problem.ts'
import { textOf } from './stage.ts'
import type { StagedEntry, StageDefinition } from './stage.ts'

const schema = body(
  {
    source: withDefault(type.text, ''),
    separator: withDefault(type.text, ';'),
    expression: withDefault(type.text, ''),
    value: withDefault(type.text, ''),
    older_than: withDefault(type.duration, 0),
    longer_than: optional(type.byteSize),
    drop_counter_reason: withDefault(type.text, 'drop_stage'),
  },
  ({ source, expression, value, older_than, longer_than }) => {
    if (!source && !expression && !older_than && !longer_than)
      return 'drop stage config must contain at least one of `source`, `expression`, `older_than` or `longer_than`'
    if (value && expression) return 'only one of `expression` or `value` can be specified'
    if (value && !source) return '`value` can only be used with `source`'
    return regexProblem(expression)
  },
)

/** Drops a line that meets every condition that is written. */
export const dropStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'drop',
  schema,
  create: (settings, { dropped, nowNs }) => {
    const { longer_than, older_than, separator, value, drop_counter_reason: reason } = settings
    const sources = settings.source === '' ? [] : settings.source.split(',').map((name) => name.trim())
    const regex = settings.expression === '' ? undefined : compileRegex(settings.expression)
    const fits = (entry: StagedEntry): boolean => {
      if (longer_than && Buffer.byteLength(entry.line) <= longer_than) return false
      if (older_than > 0 && nowNs() - entry.timestampNs <= BigInt(older_than) * 1_000_000n) return false
      if (sources.length === 0) return !regex || regex.test(entry.line)
      const found = sources.map((name) => textOf(entry.extracted.get(name)))
      if (found.includes(undefined)) return false
      const text = found.join(separator)
      return regex ? regex.test(text) : value === '' || text === value
    }
    return (entry) => {
      if (!fits(entry)) return true
      dropped(reason)
      return false
    }
  },
}
