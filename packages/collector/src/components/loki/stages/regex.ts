import { compileRegex } from '@quartet/query'
import { body, required, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { regexProblem } from './regex-problem.ts'
import { input } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body(
  {
    expression: required(type.text),
    source: withDefault(type.text, ''),
    labels_from_groups: withDefault(type.bool, false),
  },
  ({ expression }) => {
    const problem = regexProblem(expression)
    if (problem !== undefined) return problem
    const hasGroup = compileRegex(expression).groupNames.some((name) => name)
    return hasGroup ? undefined : 'expression must contain at least one named group'
  },
)

/** Extracts what named groups match; RE2 syntax. */
export const regexStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'regex',
  schema,
  create({ expression, source, labels_from_groups }) {
    const regex = compileRegex(expression)
    return (entry) => {
      const text = input(entry, source)
      const found = text === undefined ? undefined : regex.exec(text)
      if (!found) return true
      regex.groupNames.forEach((name, index) => {
        if (!name) return
        const value = found.groups[index] ?? ''
        entry.extracted.set(name, value)
        if (labels_from_groups) entry.labels.set(name, value)
      })
      return true
    }
  },
}
