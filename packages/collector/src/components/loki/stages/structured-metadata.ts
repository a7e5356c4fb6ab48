import { compileRegex } from '@quartet/query'
import { body, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { regexProblem } from './regex-problem.ts'
import { textOf } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body(
  { values: withDefault(type.map(type.text), {}), regex: withDefault(type.text, '') },
  ({ values, regex }) =>
    Object.keys(values).length === 0 && regex === ''
      ? 'structured_metadata stage config cannot be empty'
      : regexProblem(regex),
)

/** Moves labels, or copies extracted values, to the structured metadata: by name, and all whose names match `regex`. */
export const structuredMetadataStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'structured_metadata',
  schema,
  create: ({ values, regex }) => {
    const named = Object.entries(values).map(([name, source]) => [name, source || name] as const)
    const matching = regex === '' ? undefined : compileRegex(regex, { anchored: true })
    return (entry) => {
      const take = (name: string, source: string): void => {
        const value = entry.labels.get(source) ?? textOf(entry.extracted.get(source))
        if (value === undefined) return
        entry.metadata.set(name, value)
        entry.labels.delete(source)
      }
      for (const [name, source] of named) take(name, source)
      if (matching) {
        for (const name of [...entry.labels.keys(), ...entry.extracted.keys()])
          if (matching.test(name)) take(name, name)
      }
      return true
    }
  },
}
