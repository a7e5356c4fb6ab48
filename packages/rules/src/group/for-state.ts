import { labelsKey, METRIC_NAME } from '@quartet/model'
import type { Logger } from '@quartet/runtime'
import type { AlertingRule } from '../alert/alerting-rule.ts'
import type { ForStateSample, ReadForState } from '../ports.ts'

export interface RestoreOptions {
  readonly read: ReadForState
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly nowMs: number
  /** Longest time without evaluations after which alerts still go on. */
  readonly outageToleranceMs: number
  /** Least time between a restart and an alert that was pending before firing. */
  readonly forGracePeriodMs: number
}

/**
 * Gives pending alerts back the time that they were pending before a restart, so that `for` does not begin anew. Rules whose `for` is
 * shorter than the grace period have nothing to gain and are left alone. A failure costs the old state, nothing else.
 */
export async function restoreForState(rule: AlertingRule, options: RestoreOptions): Promise<void> {
  const { read, logger, signal, nowMs, outageToleranceMs, forGracePeriodMs } = options
  const { name, forMs } = rule.spec
  try {
    if (forMs < forGracePeriodMs) return
    const found = await read({ alertName: name, minMs: nowMs - outageToleranceMs, maxMs: nowMs, signal })
    const before = new Map(found.map((sample) => [keyWithoutName(sample), sample]))
    for (const alert of rule.allAlerts) {
      const sample = before.get(labelsKey(alert.labels))
      // NaN: the alert had ended.
      if (sample === undefined || Number.isNaN(sample.value)) continue
      alert.activeAtMs = restoredTime(sample, { forMs, forGracePeriodMs, nowMs })
    }
  } catch (error) {
    logger.error({ err: error, alertname: name }, "the 'for' state of an alert could not be restored")
  } finally {
    rule.isRestored = true
  }
}

/** Since when an alert counts as active. Source: rules/group.go, RestoreForState. */
function restoredTime(
  sample: ForStateSample,
  { forMs, forGracePeriodMs, nowMs }: { forMs: number; forGracePeriodMs: number; nowMs: number },
): number {
  const downMs = Math.floor(sample.timeMs / 1000) * 1000
  const activeMs = Math.trunc(sample.value) * 1000
  const remainingMs = forMs - (downMs - activeMs)
  // It was firing already and will fire again.
  if (remainingMs <= 0) return activeMs
  // It would fire at once, before its cause had a chance to be seen gone.
  if (remainingMs < forGracePeriodMs) return nowMs + forGracePeriodMs - forMs
  // The time without evaluations does not count.
  return activeMs + (nowMs - downMs)
}

function keyWithoutName({ labels }: ForStateSample): string {
  return labelsKey(labels.filter(([name]) => name !== METRIC_NAME))
}
