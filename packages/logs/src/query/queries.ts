import { QueryBudget } from '@quartet/query'
import type { Clock } from '@quartet/runtime'
import type { QueryNode } from './ast.ts'
import { LogqlLimitError } from './errors.ts'
import { createGrid } from './engine/grid.ts'
import type { Grid } from './engine/grid.ts'
import { runLogQuery } from './engine/log-query.ts'
import type { ResultStream } from './engine/log-query.ts'
import { logSamples, runMetricQuery } from './engine/metric-query.ts'
import type { Operand } from './engine/binary.ts'
import { createScanStats } from './engine/pipeline.ts'
import type { ScanStats } from './engine/pipeline.ts'
import { parseLogql } from './parser.ts'
import type { LogSource } from './source.ts'

const MAX_SAMPLES = 20_000_000

export interface QueryLimits {
  readonly maxEntriesPerQuery: number
  readonly maxQuerySeries: number
  readonly maxQueryLengthMs: number
  readonly queryTimeoutMs: number
}

export type QueryResult =
  | {
      readonly kind: 'streams'
      readonly streams: readonly ResultStream[]
      readonly stats: ScanStats
      readonly seconds: number
    }
  | {
      readonly kind: 'metric'
      readonly result: Operand
      readonly grid: Grid
      readonly stats: ScanStats
      readonly seconds: number
    }

export interface QueryRequest {
  readonly query: string
  readonly startNs: bigint
  readonly endNs: bigint
  /** 0 for an instant query at `endNs`. */
  readonly stepNs: bigint
  readonly intervalNs: bigint
  readonly limit: number
  readonly direction: 'forward' | 'backward'
  readonly categorize: boolean
  readonly signal: AbortSignal
}

/** Runs LogQL against a source with the limits of a tenant. */
export class Queries {
  readonly #source: LogSource
  readonly #limits: QueryLimits
  readonly #clock: Clock

  constructor(source: LogSource, limits: QueryLimits, clock: Clock) {
    this.#source = source
    this.#limits = limits
    this.#clock = clock
  }

  /** @throws LogqlParseError, LogqlExecutionError, LogqlLimitError, QueryLimitError */
  async run(request: QueryRequest): Promise<QueryResult> {
    const node = parseLogql(request.query)
    const began = this.#clock.monotonicMs()
    const stats = createScanStats()
    const budget = this.#budget(request.signal)
    const nowNs = (): bigint => this.#clock.nowNs()
    this.#checkLength(request)
    if (node.kind === 'selector') {
      this.#checkLimit(request.limit)
      const streams = await runLogQuery(node, {
        source: this.#source,
        startNs: request.startNs,
        // The end of a log query does not belong to it.
        endNs: request.endNs > request.startNs ? request.endNs - 1n : request.endNs,
        limit: request.limit,
        direction: request.direction,
        intervalNs: request.intervalNs,
        categorize: request.categorize,
        budget,
        stats,
        nowNs,
      })
      return { kind: 'streams', streams, stats, seconds: (this.#clock.monotonicMs() - began) / 1000 }
    }
    const grid = createGrid(request.stepNs === 0n ? request.endNs : request.startNs, request.endNs, request.stepNs)
    const samples = logSamples({ source: this.#source, grid, budget, stats, nowNs })
    const result = await runMetricQuery(node, { grid, samples, budget, maxSeries: this.#limits.maxQuerySeries })
    return { kind: 'metric', result, grid, stats, seconds: (this.#clock.monotonicMs() - began) / 1000 }
  }

  /** @throws LogqlParseError */
  parse(query: string): QueryNode {
    return parseLogql(query)
  }

  #budget(signal: AbortSignal): QueryBudget {
    return new QueryBudget({
      maxSamples: MAX_SAMPLES,
      deadlineMs: this.#clock.nowMs() + this.#limits.queryTimeoutMs,
      nowMs: () => this.#clock.nowMs(),
      signal,
    })
  }

  #checkLimit(limit: number): void {
    const { maxEntriesPerQuery } = this.#limits
    if (maxEntriesPerQuery > 0 && limit > maxEntriesPerQuery) {
      throw new LogqlLimitError(
        `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${maxEntriesPerQuery})`,
      )
    }
  }

  #checkLength({ startNs, endNs, stepNs }: QueryRequest): void {
    const lengthMs = Number((endNs - startNs) / 1_000_000n)
    const { maxQueryLengthMs } = this.#limits
    if (stepNs > 0n && maxQueryLengthMs > 0 && lengthMs > maxQueryLengthMs) {
      throw new LogqlLimitError(
        `the query time range exceeds the limit (query length: ${lengthMs / 3600_000}h, limit: ${maxQueryLengthMs / 3600_000}h)`,
      )
    }
  }
}
