import { createRelabelRule } from '@quartet/scrape'
import type { RelabelRule } from '@quartet/scrape'
import { body, optional, type } from '../graph/index.ts'
import type { Decoded } from '../graph/index.ts'

/** The `rule` block of the relabel components and `write_relabel_config`. */
export const ruleSchema = body(
  {
    source_labels: optional(type.list(type.text)),
    separator: optional(type.text),
    regex: optional(type.text),
    modulus: optional(type.count),
    target_label: optional(type.text),
    replacement: optional(type.text),
    action: optional(type.text),
  },
  (rule) => {
    try {
      toRule(rule)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  },
)

type RuleSettings = Decoded<typeof ruleSchema>

/** @throws Error with upstream's text */
export function toRule(settings: RuleSettings): RelabelRule {
  return createRelabelRule({
    sourceLabels: settings.source_labels,
    separator: settings.separator,
    regex: settings.regex,
    modulus: settings.modulus,
    targetLabel: settings.target_label,
    replacement: settings.replacement,
    action: settings.action,
  })
}
