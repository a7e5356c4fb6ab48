import { body, required, type } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { textOf } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({ values: required(type.map(type.text)) })

/** Makes labels of extracted values; `values` is label → name of the value, the same name when empty. */
export const labelsStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'labels',
  schema,
  create: ({ values }) => {
    const names = Object.entries(values).map(([label, name]) => [label, name || label] as const)
    return (entry) => {
      for (const [label, name] of names) {
        const value = textOf(entry.extracted.get(name))
        if (value !== undefined) entry.labels.set(label, value)
      }
      return true
    }
  },
}
