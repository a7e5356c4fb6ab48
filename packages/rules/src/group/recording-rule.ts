import { labelsFromPairs, labelsKey, METRIC_NAME } from '@quartet/model'
import type { RecordingSpec } from '../file/rule-spec.ts'
import { Rule } from './rule.ts'
import type { EvaluationContext, RuleSample } from './rule.ts'
import { slices } from './slices.ts'

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
    const samples: RuleSample[] = []
    const seen = new Set<string>()
    for await (const slice of slices(result)) {
      for (const { labels: found, value, histogram } of slice) {
        const ownLabels = labelsFromPairs([...found, [METRIC_NAME, name], ...labels])
        seen.add(labelsKey(ownLabels))
        samples.push({ labels: ownLabels, timeMs: sampleMs, value, histogram })
      }
    }
    if (seen.size < samples.length) {
      throw new Error('vector contains metrics with the same labelset after applying rule labels')
    }
    if (limit > 0 && samples.length > limit) {
      throw new Error(`exceeded limit of ${limit} with ${samples.length} series`)
    }
    return samples
  }
}
