import { body, required, stages, type, withDefault, withoutEffect } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { parseSelector, selectorProblem } from './selector.ts'
import type { StageDefinition, StageKit } from './stage.ts'

const schemaOf = (kit: StageKit) =>
  body(
    {
      selector: required(type.text),
      action: withDefault(type.oneOf('keep', 'drop'), 'keep'),
      pipeline_name: withoutEffect(withDefault(type.text, ''), 'stages are not timed', ''),
      drop_counter_reason: withDefault(type.text, 'match_stage'),
      stage: stages(() => kit.schemas()),
      ...kit.members,
    },
    ({ selector, action, stage }) => {
      if (action === 'drop' && stage.length > 0) return 'match stage with action drop must not contain other stages'
      if (action === 'keep' && stage.length === 0) return 'match stage without stages does nothing'
      return selectorProblem(selector)
    },
  )

/** Runs stages on the lines that a selector fits, or drops those. */
export const matchStage = (kit: StageKit): StageDefinition<Decoded<ReturnType<typeof schemaOf>>> => ({
  name: 'match',
  schema: schemaOf(kit),
  create: (settings, services) => {
    const fits = parseSelector(settings.selector)
    if (settings.action === 'drop') {
      return (entry) => {
        if (!fits(entry)) return true
        services.dropped(settings.drop_counter_reason)
        return false
      }
    }
    const run = kit.create(settings.stage, services)
    return (entry) => !fits(entry) || run(entry)
  },
})
