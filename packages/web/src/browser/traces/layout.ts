import type { Trace, TraceSpan } from './trace.ts'

/** A window of a trace's time, in milliseconds after its start. */
export interface TimeWindow {
  readonly fromMs: number
  readonly toMs: number
}

/** @returns the spans to show when those below collapsed ones are not */
export function visibleSpans(trace: Trace, collapsed: ReadonlySet<string>): TraceSpan[] {
  const visible: TraceSpan[] = []
  let hiddenBelow = Infinity
  for (const span of trace.spans) {
    if (span.depth > hiddenBelow) continue
    hiddenBelow = collapsed.has(span.spanId) ? span.depth : Infinity
    visible.push(span)
  }
  return visible
}

/** Where a span's bar is drawn, in percent of the width; at least a hair wide, and cut off at the window's edges. */
export function barOf(span: TraceSpan, window: TimeWindow): { leftPercent: number; widthPercent: number } | undefined {
  const width = window.toMs - window.fromMs
  const startMs = span.offsetMs
  const endMs = span.offsetMs + span.durationMs
  if (endMs < window.fromMs || startMs > window.toMs) return undefined
  if (width <= 0) return { leftPercent: 0, widthPercent: 100 }
  const left = Math.max(0, (startMs - window.fromMs) / width)
  const right = Math.min(1, (endMs - window.fromMs) / width)
  return { leftPercent: left * 100, widthPercent: Math.max(0.15, (right - left) * 100) }
}

/** Five times at even distances, as the ruler shows them. */
export function rulerTicks(window: TimeWindow): number[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => window.fromMs + (window.toMs - window.fromMs) * part)
}

/** Parents that are collapsed when everything deeper than `depth` shall be hidden. */
export function collapsedAtDepth(trace: Trace, depth: number): Set<string> {
  return new Set(trace.spans.filter((span) => span.childCount > 0 && span.depth >= depth).map(({ spanId }) => spanId))
}

/** Spans whose name, service, attributes or events hold the text; nothing when the text is empty. */
export function matchingSpans(trace: Trace, search: string): Set<string> | undefined {
  const wanted = search.trim().toLowerCase()
  if (wanted === '') return undefined
  const holds = (text: unknown): boolean => String(text).toLowerCase().includes(wanted)
  return new Set(
    trace.spans
      .filter(
        (span) =>
          holds(span.name) ||
          holds(span.service) ||
          holds(span.spanId) ||
          [...span.attributes, ...span.resource].some(({ key, value }) => holds(key) || holds(value)) ||
          span.events.some(({ name }) => holds(name)),
      )
      .map(({ spanId }) => spanId),
  )
}

/** 1.5µs, 12.34ms, 1.2s, 2m 5s: three digits that matter. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0ms'
  if (durationMs < 1) return `${round(durationMs * 1000)}µs`
  if (durationMs < 1000) return `${round(durationMs)}ms`
  if (durationMs < 60_000) return `${round(durationMs / 1000)}s`
  const minutes = Math.floor(durationMs / 60_000)
  return `${minutes}m ${Math.round((durationMs - minutes * 60_000) / 1000)}s`
}

function round(value: number): number {
  return Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))
}
