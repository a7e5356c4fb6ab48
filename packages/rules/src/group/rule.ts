import type { Labels, NativeHistogram } from '@quartet/model'
import type { Evaluate } from '../ports.ts'
import type { RuleSpec } from '../file/rule-spec.ts'

export type RuleHealth = 'unknown' | 'ok' | 'err'

/** What one evaluation of a rule gives to be written. */
export interface RuleSample {
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number
  /** The sample is a native histogram, and `value` is not looked at. */
  readonly histogram?: NativeHistogram | undefined
}

/** What a rule needs of its group to be evaluated. */
export interface EvaluationContext {
  /** The slot that is evaluated. */
  readonly timeMs: number
  /** How far back the expression looks; samples are written for that time. */
  readonly queryOffsetMs: number
  /** Most series or alerts; 0 is any number. */
  readonly limit: number
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly evaluate: Evaluate
  readonly signal: AbortSignal
  readonly onTemplateError: (problem: string) => void
}

/** A rule and how its last evaluation went. */
export abstract class Rule {
  abstract readonly spec: RuleSpec
  health: RuleHealth = 'unknown'
  lastError: Error | undefined
  lastEvaluationMs: number | undefined
  evaluationSeconds = 0

  /** @throws Error with the text that becomes the rule's last error */
  abstract evaluate(context: EvaluationContext): Promise<RuleSample[]>
}
