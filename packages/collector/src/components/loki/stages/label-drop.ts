import { body, required, type } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({ values: required(type.list(type.text)) })

/** Removes labels. */
export const labelDropStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'label_drop',
  schema,
  create:
    ({ values }) =>
    (entry) => {
      for (const name of values) entry.labels.delete(name)
      return true
    },
}
