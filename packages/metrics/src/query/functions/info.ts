import type { Label, Labels } from '@quartet/model'
import { labelsFromPairs, labelsKey, labelValue, METRIC_NAME } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import type { Matcher, StepGrid } from '@quartet/query'
import { EvaluationError } from '../errors.ts'
import { ABSENT, copyPoint, newSeries, SeriesMerger } from '../steps.ts'
import type { StepSeries } from '../steps.ts'
import type { Expr, VectorSelector } from '../syntax/ast.ts'

/** Labels by which a series is known to belong to a target. */
const IDENTIFYING = ['instance', 'job']

/** What the second argument of `info()` asks for. */
export class InfoQuery {
  readonly #names: readonly Matcher[]
  readonly #data: readonly Matcher[]
  readonly #wanted: ReadonlySet<string>

  constructor(selector: VectorSelector | undefined) {
    const matchers = selector?.matchers ?? []
    const names = matchers.filter(({ name }) => name === METRIC_NAME)
    this.#names = names.length > 0 ? names : [createMatcher(METRIC_NAME, '=', 'target_info')]
    this.#data = matchers.filter(({ name }) => name !== METRIC_NAME)
    this.#wanted = new Set(this.#data.map(({ name }) => name))
  }

  /** Matchers of the info series themselves. */
  get matchers(): readonly Matcher[] {
    return [...this.#names, ...this.#data]
  }

  /** Info series are not described by info series. */
  isInfo(labels: Labels): boolean {
    const name = labelValue(labels, METRIC_NAME)
    return this.#names.some((matcher) => matcher.matches(name))
  }

  wants(label: string): boolean {
    return label !== METRIC_NAME && (this.#wanted.size === 0 || this.#wanted.has(label))
  }

  /** Whether a series that no info series describes is kept. */
  get isOptional(): boolean {
    return this.#data.every((matcher) => matcher.matches(''))
  }
}

/** The selector whose offset and `@` the info series are read with: the first of the described expression. */
export function firstSelector(expr: Expr): VectorSelector | undefined {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr
    case 'matrixSelector':
      return expr.selector
    case 'paren':
    case 'unary':
    case 'subquery':
    case 'aggregate':
      return firstSelector(expr.expr)
    case 'binary':
      return firstSelector(expr.left) ?? firstSelector(expr.right)
    case 'call':
      return expr.args.map(firstSelector).find((found) => found !== undefined)
    default:
      return undefined
  }
}

/**
 * Adds the labels of info series to those that they describe, step by step: a series whose labels change in between becomes two.
 * @param info values are the times of the samples: of two for one target the newer counts
 * @throws EvaluationError when two info series of one name are equally new, or contradict each other
 */
export function addInfoLabels(
  base: readonly StepSeries[],
  info: readonly StepSeries[],
  query: InfoQuery,
  grid: StepGrid,
): Iterable<StepSeries> {
  const byTarget = indexByTarget(info)
  const merger = new SeriesMerger()
  for (const series of base) {
    if (query.isInfo(series.labels)) {
      merger.add(series)
      continue
    }
    const described = new Map<string, StepSeries>()
    const names = byTarget.get(targetOf(series.labels))
    for (let step = 0; step < grid.count; step++) {
      if (series.present[step] === ABSENT) continue
      const added = labelsAt(series.labels, names, query, step)
      if (added.length === 0 && !query.isOptional) continue
      const key = labelsKey(added)
      let target = described.get(key)
      if (target === undefined) {
        target = newSeries(labelsFromPairs([...series.labels, ...added]), grid.count)
        target.dropName = series.dropName
        described.set(key, target)
      }
      copyPoint(target, series, step)
    }
    for (const one of described.values()) merger.add(one)
  }
  return merger.all
}

type InfoByName = Map<string, StepSeries[]>

function indexByTarget(info: readonly StepSeries[]): Map<string, InfoByName> {
  const byTarget = new Map<string, InfoByName>()
  for (const series of info) {
    const target = targetOf(series.labels)
    const names: InfoByName = byTarget.get(target) ?? new Map<string, StepSeries[]>()
    byTarget.set(target, names)
    const name = labelValue(series.labels, METRIC_NAME)
    names.set(name, [...(names.get(name) ?? []), series])
  }
  return byTarget
}

function targetOf(labels: Labels): string {
  return labelsKey(labels.filter(([name]) => IDENTIFYING.includes(name)))
}

/** What the info series of a target add at a step; labels that are there already stay as they are. */
function labelsAt(own: Labels, names: InfoByName | undefined, query: InfoQuery, step: number): Label[] {
  const added = new Map<string, string>()
  for (const candidates of names?.values() ?? []) {
    const newest = newestAt(candidates, step)
    for (const [name, value] of newest?.labels ?? []) {
      if (!query.wants(name)) continue
      const other = added.get(name)
      if (other !== undefined && other !== value) throw new EvaluationError(`conflicting label: ${name}`)
      if (labelValue(own, name) === '') added.set(name, value)
    }
  }
  return [...added].sort(([a], [b]) => (a < b ? -1 : 1))
}

function newestAt(candidates: readonly StepSeries[], step: number): StepSeries | undefined {
  let newest: StepSeries | undefined
  for (const one of candidates) {
    if (one.present[step] === ABSENT) continue
    if (newest !== undefined && newest.values[step] === one.values[step]) {
      const name = labelValue(one.labels, METRIC_NAME)
      throw new EvaluationError(`found duplicate series for info metric: existing ${name}, new ${name}`)
    }
    if (newest === undefined || one.values[step] > newest.values[step]) newest = one
  }
  return newest
}
