import { OutOfPatienceError } from '../query/patient-budget.ts'
import type { QueryResult } from '../query/engine.ts'
import type { Expr } from '../query/syntax/ast.ts'
import type { ApiContext } from './context.ts'
import { encodeQueryResult } from './query-response.ts'
import type { QueryCall } from './threads/messages.ts'

/**
 * How long a query may compute beside ingestion, in slices of 10 ms. Most are done by then; the others begin again in a thread of
 * their own, so that this is what they cost twice. See docs/decisions/0027-query-threads.md.
 */
const PATIENCE_MS = 50

export interface AskedQuery {
  readonly text: string
  readonly expr: Expr
  readonly at: QueryCall['at']
  readonly timeoutMs: number | undefined
  readonly lookbackMs: number | undefined
  readonly limit: number
  readonly withStats: boolean
  readonly signal: AbortSignal
}

/** The body of the answer to a query, wherever it is evaluated. */
export function answerQuery(context: ApiContext, asked: AskedQuery): Promise<Uint8Array> {
  const { clock, gate, observeQuery } = context
  return gate.run(asked.signal, async () => {
    const startMs = clock.monotonicMs()
    try {
      return await evaluate(context, asked, startMs)
    } finally {
      observeQuery((clock.monotonicMs() - startMs) / 1000)
    }
  })
}

async function evaluate(context: ApiContext, asked: AskedQuery, startMs: number): Promise<Uint8Array> {
  const { text: query, limit, withStats, lookbackMs, signal } = asked
  const engine = context.engine()
  const response = { limit, withStats }
  try {
    return await encodeQueryResult(await runHere(context, asked), { query, ...response })
  } catch (error) {
    if (!(error instanceof OutOfPatienceError)) throw error
  }
  const { nowMs: _clock, ...options } = engine.options
  const allowedMs = Math.min(asked.timeoutMs ?? options.timeoutMs, options.timeoutMs)
  const timeoutMs = allowedMs - (context.clock.monotonicMs() - startMs)
  return context.threads.run({ query, at: asked.at, timeoutMs, lookbackMs, response, engine: options }, signal)
}

function runHere(context: ApiContext, asked: AskedQuery): Promise<QueryResult> {
  const { expr, at, signal, timeoutMs, lookbackMs } = asked
  const limits = { signal, timeoutMs, lookbackMs, patienceMs: PATIENCE_MS }
  return at.kind === 'instant'
    ? context.engine().instant(expr, at.timeMs, limits)
    : context.engine().range(expr, at, limits)
}
