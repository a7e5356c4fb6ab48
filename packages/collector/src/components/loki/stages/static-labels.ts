import { body, required, type } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({ values: required(type.map(type.text)) })

/** Adds labels with fixed values. */
export const staticLabelsStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'static_labels',
  schema,
  create: ({ values }) => {
    const labels = Object.entries(values).filter(([, value]) => value !== '')
    return (entry) => {
      for (const [name, value] of labels) entry.labels.set(name, value)
      return true
    }
  },
}
