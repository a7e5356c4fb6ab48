import type { Evaluate, VectorElement } from '@quartet/rules'
import { QueryLimitError } from '@quartet/query'
import type { Series } from '../query/engine/series.ts'
import type { Queries } from '../query/queries.ts'

const NANOS_PER_MS = 1_000_000n
const NO_RESULT = 'rule result is not a vector or scalar'

/**
 * Runs the expressions of rules, with the limits of every query.
 * @param delayMs `ruler_evaluation_delay_duration`: for data that comes late; results keep the time of the rule
 */
export function ruleQueries(queries: Queries, delayMs: number): Evaluate {
  return async (query, timeMs, signal) => {
    const timeNs = BigInt(Math.round(timeMs - delayMs)) * NANOS_PER_MS
    if (queries.parse(query).kind === 'selector') throw new Error(NO_RESULT)
    const ran = await queries
      .run({
        query,
        startNs: timeNs,
        endNs: timeNs,
        stepNs: 0n,
        intervalNs: 0n,
        limit: 0,
        direction: 'forward',
        categorize: false,
        signal,
      })
      .catch((error: unknown) => {
        if (!(error instanceof QueryLimitError)) throw error
        throw new Error(limitText(error), { cause: error })
      })
    if (ran.kind === 'streams') throw new Error(NO_RESULT)
    const { result } = ran
    return typeof result === 'number' ? [{ labels: [], value: result }] : result.flatMap(elementOf)
  }
}

function elementOf({ labels, values, present }: Series): VectorElement[] {
  return present[0] === 1 ? [{ labels, value: values[0] }] : []
}

function limitText({ limit, message }: QueryLimitError): string {
  return limit === 'timeout' ? 'the query took longer than query_timeout' : message
}
