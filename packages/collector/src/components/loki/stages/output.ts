import { body, required, type } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { textOf } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({ source: required(type.text) }, ({ source }) =>
  source === '' ? 'output source value is required if output is specified' : undefined,
)

/** Makes an extracted value the line. */
export const outputStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'output',
  schema,
  create:
    ({ source }) =>
    (entry) => {
      entry.line = textOf(entry.extracted.get(source)) ?? entry.line
      return true
    },
}
