import { labelsFromRecord, labelsToRecord } from '@quartet/model'
import { relabel } from '@quartet/scrape'
import { blocks, body, required, type } from '../../graph/index.ts'
import type { ComponentDefinition, Decoded } from '../../graph/index.ts'
import { Capsule } from '../../syntax/index.ts'
import type { Value } from '../../syntax/index.ts'
import { ruleSchema, toRule } from '../relabel-rule.ts'

const schema = body({
  targets: required(type.targets),
  rule: blocks(() => ruleSchema),
})

type Settings = Decoded<typeof schema>

/** Rewrites and filters targets. */
export const discoveryRelabel: ComponentDefinition<Settings> = {
  name: 'discovery.relabel',
  schema,
  build(context, first) {
    let output: Value = relabelTargets(first)
    let rules = new Capsule('relabel.Rules', 'relabel.Rules', first.rule)
    return {
      get exports() {
        return new Map<string, Value>([
          ['output', output],
          ['rules', rules],
        ])
      },
      start: async () => undefined,
      async update(settings) {
        output = relabelTargets(settings)
        rules = new Capsule('relabel.Rules', 'relabel.Rules', settings.rule)
        context.exportsChanged()
      },
      stop: async () => undefined,
    }
  },
}

function relabelTargets(settings: Settings): Value {
  const rules = settings.rule.map(toRule)
  return settings.targets.flatMap((target): Value[] => {
    const labels = relabel(labelsFromRecord(target), rules)
    return labels ? [new Map(Object.entries(labelsToRecord(labels)))] : []
  })
}
