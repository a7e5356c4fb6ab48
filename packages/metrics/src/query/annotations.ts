import { quoteGo } from '@quartet/query'
import type { TextRange } from '@quartet/query'
import { positionOf } from './syntax/parse-error.ts'

interface Annotation {
  readonly message: string
  readonly range: TextRange
}

/** What a person should know about a result: warnings (probably wrong) and infos (maybe wrong), each text and place once. */
export class Annotations {
  readonly #warnings = new Map<string, Annotation>()
  readonly #infos = new Map<string, Annotation>()

  warn(message: string, range: TextRange): void {
    this.#warnings.set(`${range.start} ${message}`, { message: `PromQL warning: ${message}`, range })
  }

  info(message: string, range: TextRange): void {
    this.#infos.set(`${range.start} ${message}`, { message: `PromQL info: ${message}`, range })
  }

  /** Texts without places. */
  get warnings(): readonly string[] {
    return Array.from(this.#warnings.values(), (annotation) => annotation.message)
  }

  get infos(): readonly string[] {
    return Array.from(this.#infos.values(), (annotation) => annotation.message)
  }

  /** As the API shows them: with `(line:column)`, at most `limit` of each kind. */
  format(query: string, limit: number): { warnings: string[]; infos: string[] } {
    return {
      warnings: formatAll([...this.#warnings.values()], { query, limit, kind: 'warning' }),
      infos: formatAll([...this.#infos.values()], { query, limit, kind: 'info' }),
    }
  }
}

function formatAll(
  annotations: readonly Annotation[],
  options: { query: string; limit: number; kind: string },
): string[] {
  const shown = annotations
    .slice(0, options.limit)
    .map(({ message, range }) => `${message} (${positionOf(options.query, range.start)})`)
  const omitted = annotations.length - shown.length
  if (omitted > 0) shown.push(`${omitted} more ${options.kind} annotations omitted`)
  return shown
}

export function invalidQuantile(q: number): string {
  return `quantile value should be between 0 and 1, got ${formatParameter(q)}`
}

export function invalidRatio(ratio: number, limit: number): string {
  return `ratio value should be between -1 and 1, got ${formatParameter(ratio)}, capping to ${limit}`
}

export function badBucketLabel(name: string, label: string): string {
  return `bucket label "le" is missing or has a malformed value of ${quoteGo(label)}${forMetric(name)}`
}

export function forcedMonotonicity(name: string): string {
  const link = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'
  return `input to histogram_quantile needed to be fixed for monotonicity (see ${link})${forMetric(name)}`
}

export function possibleNonCounter(name: string): string {
  return `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quoteGo(name)}`
}

function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${quoteGo(name)}`
}

/** Go's %g. */
function formatParameter(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}
