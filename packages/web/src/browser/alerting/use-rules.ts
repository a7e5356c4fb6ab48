import type { DataSourceDto } from '../../common/api.ts'
import { RequestError, requestJson } from '../api/client.ts'
import { usePolled } from '../app/use-polled.ts'
import { AlertmanagerClient, type ActiveAlert } from './alertmanager.ts'
import { rulesOf, type Rule, type RulesResponse } from './rules.ts'
import { alertmanagers, ruleSources } from './sources.ts'

/** How often rules are asked for: stores evaluate them about as often. */
export const rulesEveryMs = 15_000

export interface SourceRules {
  readonly source: DataSourceDto
  readonly rules: readonly Rule[]
  /** Why there are none. */
  readonly error: Error | undefined
  /** The store answers, and has no rules to tell of. */
  readonly hasRuler: boolean
}

/** The rules of every store; one that fails takes nothing from the others. */
export function useRules(dependencies: readonly unknown[] = []) {
  return usePolled((signal) => Promise.all(ruleSources().map((source) => loadRules(source, signal))), {
    everyMs: rulesEveryMs,
    dependencies,
  })
}

export async function loadRules(source: DataSourceDto, signal: AbortSignal): Promise<SourceRules> {
  const path = `/api/prometheus/${encodeURIComponent(source.uid)}/api/v1/rules`
  try {
    const response = await requestJson<RulesResponse>(path, { signal })
    return { source, rules: rulesOf(source, response), error: undefined, hasRuler: true }
  } catch (thrown) {
    signal.throwIfAborted()
    if (!(thrown instanceof Error)) throw thrown
    if (thrown instanceof RequestError && thrown.status === 404) {
      return { source, rules: [], error: undefined, hasRuler: false }
    }
    return { source, rules: [], error: thrown, hasRuler: true }
  }
}

/** What the Alertmanagers hold, to tell which instances are silenced. Without an Alertmanager, or without its answer, none. */
export function useActiveAlerts() {
  return usePolled(
    async (signal): Promise<ActiveAlert[]> => {
      const lists = await Promise.all(alertmanagers().map(({ uid }) => new AlertmanagerClient(uid).alerts([], signal)))
      return lists.flat()
    },
    { everyMs: rulesEveryMs, dependencies: [] },
  )
}
