import type { DataFrame } from '@grafana/data'
import type { SpanEvent, SpanReference, Tag } from '../datasources/tempo/trace-frame.ts'

/** A trace laid out for drawing: every span knows its place in the tree and in time. */
export interface Trace {
  readonly traceId: string
  /** Depth first, brothers by start time. Roots are spans whose parent is not in the trace. */
  readonly spans: readonly TraceSpan[]
  readonly startMs: number
  readonly durationMs: number
  readonly services: readonly string[]
  readonly errorCount: number
  readonly depth: number
}

export interface TraceSpan {
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly service: string
  readonly kind: string
  readonly startMs: number
  readonly durationMs: number
  /** After the trace's start. */
  readonly offsetMs: number
  readonly depth: number
  readonly childCount: number
  /** All below it, for "n hidden". */
  readonly descendantCount: number
  readonly isError: boolean
  readonly hasErrorBelow: boolean
  readonly statusMessage: string
  readonly scopeName: string
  readonly attributes: readonly Tag[]
  readonly resource: readonly Tag[]
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanReference[]
}

type Draft = { -readonly [K in keyof TraceSpan]: TraceSpan[K] } & { children: Draft[]; isMissingParent: boolean }

/**
 * @param frame one row per span, columns as datasources/tempo/trace-frame.ts makes them
 * @returns nothing for a frame without spans
 */
export function traceOf(frame: DataFrame): Trace | undefined {
  if (frame.length === 0) return undefined
  const drafts = readSpans(frame)
  const roots = linkParents(drafts)
  const startMs = Math.min(...drafts.map((span) => span.startMs))
  const endMs = Math.max(...drafts.map((span) => span.startMs + span.durationMs))
  const spans: TraceSpan[] = []
  for (const root of roots) flatten(root, startMs, spans)
  return {
    traceId: String(column(frame, 'traceID')[0] ?? ''),
    spans,
    startMs,
    durationMs: endMs - startMs,
    services: [...new Set(spans.map(({ service }) => service))],
    errorCount: spans.filter(({ isError }) => isError).length,
    depth: Math.max(...spans.map(({ depth }) => depth)) + 1,
  }
}

function readSpans(frame: DataFrame): Draft[] {
  const read = (name: string): readonly unknown[] => column(frame, name)
  const [spanId, parent, name, service] = ['spanID', 'parentSpanID', 'operationName', 'serviceName'].map(read)
  const [kind, status, message, scope] = ['kind', 'statusCode', 'statusMessage', 'instrumentationLibraryName'].map(read)
  const [start, duration] = ['startTime', 'duration'].map(read)
  const [tags, serviceTags, logs, references] = ['tags', 'serviceTags', 'logs', 'references'].map(read)
  return Array.from({ length: frame.length }, (_, row) => ({
    spanId: text(spanId?.[row]),
    parentSpanId: text(parent?.[row]),
    name: text(name?.[row]),
    service: text(service?.[row]),
    kind: text(kind?.[row]),
    startMs: Number(start?.[row] ?? 0),
    durationMs: Number(duration?.[row] ?? 0),
    offsetMs: 0,
    depth: 0,
    childCount: 0,
    descendantCount: 0,
    isError: status?.[row] === 2,
    hasErrorBelow: false,
    statusMessage: text(message?.[row]),
    scopeName: text(scope?.[row]),
    attributes: (tags?.[row] ?? []) as Tag[],
    resource: (serviceTags?.[row] ?? []) as Tag[],
    events: (logs?.[row] ?? []) as SpanEvent[],
    links: (references?.[row] ?? []) as SpanReference[],
    children: [],
    isMissingParent: false,
  }))
}

/** @returns the roots by start time; a span in a circle of parents counts as a root too, once */
function linkParents(drafts: readonly Draft[]): Draft[] {
  const byId = new Map(drafts.map((span) => [span.spanId, span]))
  const roots: Draft[] = []
  for (const span of drafts) {
    const parent = span.parentSpanId === '' ? undefined : byId.get(span.parentSpanId)
    if (parent && !isAncestor(span, parent, byId)) parent.children.push(span)
    else roots.push(span)
  }
  for (const span of drafts) span.children.sort(byStart)
  return roots.sort(byStart)
}

function isAncestor(span: Draft, of: Draft, byId: ReadonlyMap<string, Draft>): boolean {
  const seen = new Set<Draft>()
  for (let at: Draft | undefined = of; at && !seen.has(at); at = byId.get(at.parentSpanId)) {
    if (at === span) return true
    seen.add(at)
  }
  return false
}

/** Iterative: traces can be deeper than the call stack. */
function flatten(root: Draft, startMs: number, into: TraceSpan[]): void {
  const order: Draft[] = []
  const pending: Draft[] = [root]
  for (let span = pending.pop(); span; span = pending.pop()) {
    order.push(span)
    span.offsetMs = span.startMs - startMs
    span.childCount = span.children.length
    for (const child of span.children.toReversed()) {
      child.depth = span.depth + 1
      pending.push(child)
    }
  }
  for (const span of order.toReversed()) {
    span.descendantCount = span.children.reduce((sum, child) => sum + 1 + child.descendantCount, 0)
    span.hasErrorBelow = span.children.some((child) => child.isError || child.hasErrorBelow)
  }
  into.push(...order)
}

function byStart(a: Draft, b: Draft): number {
  return a.startMs - b.startMs || b.durationMs - a.durationMs
}

function column(frame: DataFrame, name: string): readonly unknown[] {
  return frame.fields.find((field) => field.name === name)?.values ?? []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
