import type { SpanSegment } from '@quartet/model'
import type { QueryBudget } from '@quartet/query'
import type { Attribute, TraceQlQuery } from './ast.ts'
import { runPipeline, spansetOf } from './pipeline.ts'
import type { Spanset } from './pipeline.ts'
import { attributesOf, leadingFilters, localPart } from './query-attributes.ts'
import { QuerySegment, StoredTrace } from './stored-trace.ts'
import type { StoredSpan } from './stored-trace.ts'

export interface SearchRequest {
  readonly query: TraceQlQuery
  /** Only traces that touch this time; undefined: any. */
  readonly startNs: bigint | undefined
  readonly endNs: bigint | undefined
  readonly limit: number
  readonly budget: QueryBudget
}

export interface FoundTrace {
  readonly trace: StoredTrace
  readonly spansets: readonly Spanset<StoredSpan>[]
}

export interface SearchStatistics {
  inspectedTraces: number
  inspectedSpans: number
  inspectedBytes: number
}

export interface SearchResult {
  /** Newest first. */
  readonly traces: readonly FoundTrace[]
  readonly attributes: readonly Attribute[]
  readonly statistics: SearchStatistics
}

const ROWS_PER_CHECK = 8192

/**
 * Finds traces in two steps: columns tell which traces of a segment may match, then those are put together from all segments
 * and the whole pipeline runs over each. Segments are searched from the newest; the search ends at the limit.
 */
export async function searchTraces(segments: readonly SpanSegment[], request: SearchRequest): Promise<SearchResult> {
  const attributes = attributesOf(request.query)
  const parts = segments.map((segment) => new QuerySegment(segment, attributes))
  const found: FoundTrace[] = []
  const seen = new Set<string>()
  const statistics: SearchStatistics = { inspectedTraces: 0, inspectedSpans: 0, inspectedBytes: 0 }
  const inTime = parts
    .filter(({ segment }) => touches(request, segment.minStartNs, segment.maxEndNs))
    .sort((a, b) => (a.segment.maxEndNs < b.segment.maxEndNs ? 1 : -1))
  for (const part of inTime) {
    await part.load()
    statistics.inspectedSpans += part.segment.spanCount
    statistics.inspectedBytes += part.segment.sizeBytes
    for (const trace of await candidates(part, request)) {
      const id = part.traces.id(trace)
      const key = Buffer.from(id).toString('latin1')
      if (seen.has(key)) continue
      seen.add(key)
      statistics.inspectedTraces++
      const pause = request.budget.checkpoint()
      if (pause) await pause
      const match = await evaluate(await assemble(id, parts), request)
      if (match !== undefined) found.push(match)
      if (found.length >= request.limit) break
    }
    if (found.length >= request.limit) break
  }
  found.sort((a, b) => (a.trace.startNs < b.trace.startNs ? 1 : a.trace.startNs > b.trace.startNs ? -1 : 0))
  return { traces: found, attributes, statistics }
}

function touches({ startNs, endNs }: SearchRequest, minNs: bigint, maxNs: bigint): boolean {
  return (startNs === undefined || maxNs >= startNs) && (endNs === undefined || minNs <= endNs)
}

/** Numbers of the traces of a segment that may match, newest first. */
async function candidates(part: QuerySegment, request: SearchRequest): Promise<number[]> {
  const traceOf = part.source.data('trace')
  const { traces } = part
  const isCandidate = new Uint8Array(traces.count)
  const filters = leadingFilters(request.query.stages)?.map(({ expression }) => localPart(expression))
  if (filters === undefined || filters.includes(undefined)) isCandidate.fill(1)
  else {
    const predicates = filters.map((filter) => part.predicate(filter!))
    for (let from = 0; from < part.segment.spanCount; from += ROWS_PER_CHECK) {
      const to = Math.min(part.segment.spanCount, from + ROWS_PER_CHECK)
      for (const predicate of predicates) {
        for (let row = from; row < to; row++) if (predicate(row)) isCandidate[traceOf[row]] = 1
      }
      const pause = request.budget.checkpoint()
      if (pause) await pause
    }
  }
  const numbers: number[] = []
  for (let trace = 0; trace < traces.count; trace++) {
    if (isCandidate[trace] === 1 && touches(request, traces.startNs[trace], traces.endNs[trace])) numbers.push(trace)
  }
  return numbers.sort((a, b) => (traces.startNs[a] < traces.startNs[b] ? 1 : -1))
}

async function assemble(id: Uint8Array, parts: readonly QuerySegment[]): Promise<StoredTrace> {
  const holders: { part: QuerySegment; trace: number }[] = []
  for (const part of parts) {
    const trace = await part.segment.findTrace(id)
    if (trace < 0) continue
    await part.loadTraces()
    holders.push({ part, trace })
  }
  return new StoredTrace(id, holders)
}

async function evaluate(trace: StoredTrace, { query, budget }: SearchRequest): Promise<FoundTrace | undefined> {
  budget.addSamples(trace.spans.length)
  for (const part of new Set(trace.spans.map((span) => span.part))) part.source.trace = trace
  const spansets = runPipeline(query.stages, [spansetOf(trace.spans)])
  budget.removeSamples(trace.spans.length)
  return spansets.length === 0 ? undefined : { trace, spansets }
}
