import { body, required, type } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({ values: required(type.list(type.text)) })

/** Removes all labels but these. */
export const labelKeepStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'label_keep',
  schema,
  create: ({ values }) => {
    const kept = new Set(values)
    return (entry) => {
      for (const name of entry.labels.keys()) if (!kept.has(name)) entry.labels.delete(name)
      return true
    }
  },
}
