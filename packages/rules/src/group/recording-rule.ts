import { labelsFromPairs, labelsKey, METRIC_NAME } from '@quartet/model'
import type { RecordingSpec } from '../file/rule-spec.ts'
import { Rule } from './rule.ts'
import type { EvaluationContext, RuleSample } from './rule.ts'

/** Writes the result of its expression under a name of its own. */
export class RecordingRule extends Rule {
  readonly spec: RecordingSpec

  constructor(spec: RecordingSpec) {
    super()
    this.spec = spec
  }

  override async evaluate({
    timeMs,
    queryOffsetMs,
    limit,
    evaluate,
    signal,
  }: EvaluationContext): Promise<RuleSample[]> {
    const { expr, name, labels } = this.spec
    const sampleMs = timeMs - queryOffsetMs
    const result = await evaluate(expr, sampleMs, signal)
    const samples = result.map((element) => ({
      labels: labelsFromPairs([...element.labels, [METRIC_NAME, name], ...labels]),
      timeMs: sampleMs,
      value: element.value,
    }))
    if (new Set(samples.map((sample) => labelsKey(sample.labels))).size < samples.length) {
      throw new Error('vector contains metrics with the same labelset after applying rule labels')
    }
    if (limit > 0 && samples.length > limit) {
      throw new Error(`exceeded limit of ${limit} with ${samples.length} series`)
    }
    return samples
  }
}
