import { compareLabels, labelsFromPairs, labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { compileRegex, expandTemplate } from '@quartet/query'
import type { QueryBudget } from '@quartet/query'
import { formatStreamLabels } from '@quartet/model'
import type { MetricNode, UnwrapNode } from '../ast.ts'
import { LogqlExecutionError, LogqlLimitError } from '../errors.ts'
import type { LogSource } from '../source.ts'
import { compileFilter, parseGoFloat } from '../stages/label-filter.ts'
import { parseBytes, parseDurationNs, UnitError } from '../../config/units.ts'
import { aggregate } from './aggregate.ts'
import { binary } from './binary.ts'
import type { Operand } from './binary.ts'
import { ERROR_LABEL, PRESERVE_ERROR_LABEL } from './entry.ts'
import type { Entry } from './entry.ts'
import type { Grid } from './grid.ts'
import { Pipeline } from './pipeline.ts'
import type { ScanStats } from './pipeline.ts'
import { createRangeSeries } from './range-series.ts'
import type { RangeSeries } from './range-series.ts'
import { createSeries, groupLabels } from './series.ts'
import type { Series } from './series.ts'

const SAMPLE_ERROR = 'SampleExtractionErr'

/** Takes one sample that belongs to a window: its series and its time relative to the grid's start, offset taken off. */
export type SampleVisitor = (labels: Labels, key: string, time: number, value: number) => void

/** Where range aggregations get their samples; {@link logSamples} runs the log pipeline. */
export type SampleReader = (
  node: Extract<MetricNode, { kind: 'range' }>,
  window: { startNs: bigint; endNs: bigint },
  visit: SampleVisitor,
) => Promise<void>

export interface MetricQueryOptions {
  readonly grid: Grid
  readonly samples: SampleReader
  readonly budget: QueryBudget
  /** Upstream's max_query_series. */
  readonly maxSeries: number
}

/** @returns a number for a scalar expression, else series sorted by their labels unless the query orders them */
export async function runMetricQuery(node: MetricNode, options: MetricQueryOptions): Promise<Operand> {
  const result = await evaluate(node, options)
  if (typeof result === 'number') return result
  if (result.length > options.maxSeries)
    throw new LogqlLimitError(
      `maximum number of series (${options.maxSeries}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()`,
    )
  const isOrdered = options.grid.count === 1 && containsSort(node)
  return isOrdered ? result : [...result].sort((a, b) => compareLabels(a.labels, b.labels))
}

/** `sort` and `sort_desc` decide the order of an instant query, wherever they stand in it. */
function containsSort(node: MetricNode): boolean {
  switch (node.kind) {
    case 'aggregate':
      return node.operation === 'sort' || node.operation === 'sort_desc' || containsSort(node.of)
    case 'label_replace':
      return containsSort(node.of)
    case 'binary':
      return containsSort(node.left) || containsSort(node.right)
    default:
      return false
  }
}

async function evaluate(node: MetricNode, options: MetricQueryOptions): Promise<Operand> {
  const pause = options.budget.checkpoint()
  if (pause) await pause
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'vector': {
      const series = createSeries([], options.grid.count)
      series.values.fill(node.value)
      series.present.fill(1)
      return [series]
    }
    case 'range':
      return evaluateRange(node, options)
    case 'aggregate': {
      const input = await evaluate(node.of, options)
      return aggregate(
        node,
        typeof input === 'number' ? scalarSeries(input, options.grid.count) : input,
        options.grid.count,
      )
    }
    case 'label_replace': {
      const input = await evaluate(node.of, options)
      return replaceLabels(node, typeof input === 'number' ? scalarSeries(input, options.grid.count) : input)
    }
    case 'binary': {
      const left = await evaluate(node.left, options)
      const right = await evaluate(node.right, options)
      return binary(node, left, right, options.grid.count)
    }
    case 'variants': {
      const results: Series[] = []
      for (const [index, variant] of node.variants.entries()) {
        const result = await evaluate(variant, options)
        if (typeof result === 'number') continue
        for (const series of result)
          results.push({
            ...series,
            ...relabel(series, labelsFromPairs([...series.labels, ['__variant__', String(index)]])),
          })
      }
      return results
    }
    default:
      return node satisfies never
  }
}

function scalarSeries(value: number, steps: number): Series[] {
  const series = createSeries([], steps)
  series.values.fill(value)
  series.present.fill(1)
  return [series]
}

async function evaluateRange(
  node: Extract<MetricNode, { kind: 'range' }>,
  options: MetricQueryOptions,
): Promise<Series[]> {
  const { grid, budget } = options
  const { rangeNs, offsetNs } = node.range
  const series = new Map<string, { labels: Labels; windows: RangeSeries }>()
  const create = (labels: Labels): { labels: Labels; windows: RangeSeries } => ({
    labels,
    windows: createRangeSeries(node.operation, grid, rangeNs, {
      parameter: node.parameter ?? 0,
      isUnwrapped: node.range.unwrap !== undefined,
    }),
  })
  const isAbsent = node.operation === 'absent_over_time'
  const window = {
    startNs: grid.startNs - offsetNs - rangeNs + 1n,
    endNs: grid.startNs + grid.stepNs * BigInt(grid.count - 1) - offsetNs,
  }
  let counted = 0
  let held = 0
  await options.samples(node, window, (labels, key, time, value) => {
    const groupKey = isAbsent ? '' : key
    let target = series.get(groupKey)
    if (!target) series.set(groupKey, (target = create(isAbsent ? [] : labels)))
    target.windows.add(time, value)
    held += target.windows.held > 0 ? 1 : 0
    if (++counted % 4096 === 0) {
      budget.addSamples(held)
      held = 0
    }
  })
  budget.addSamples(held)
  if (isAbsent) return absent(node, [...series.values()].at(0)?.windows, grid)
  const results: Series[] = []
  for (const { labels, windows } of series.values()) {
    const result = createSeries(labels, grid.count)
    windows.finish(result)
    if (result.present.includes(1)) results.push(result)
  }
  return results
}

function absent(node: Extract<MetricNode, { kind: 'range' }>, windows: RangeSeries | undefined, grid: Grid): Series[] {
  const { matchers } = node.range.selector
  const equal = matchers.filter(
    (matcher) => matcher.op === '=' && matchers.filter((other) => other.name === matcher.name).length === 1,
  )
  const result = createSeries(labelsFromPairs(equal.map((matcher) => [matcher.name, matcher.value])), grid.count)
  const found = createSeries([], grid.count)
  windows?.finish(found)
  for (let step = 0; step < grid.count; step++) {
    if (found.present[step] === 1) continue
    result.present[step] = 1
    result.values[step] = 1
  }
  return result.present.includes(1) ? [result] : []
}

function replaceLabels(node: Extract<MetricNode, { kind: 'label_replace' }>, input: readonly Series[]): Series[] {
  const regex = compileRegex(node.pattern, { anchored: true, dotAll: true })
  return input.map((series) => {
    const source = new Map(series.labels).get(node.source) ?? ''
    const match = regex.exec(source)
    if (!match) return series
    const value = expandTemplate(node.replacement, match.groups, regex.groupNames)
    const labels = labelsFromPairs([...series.labels.filter(([name]) => name !== node.target), [node.target, value]])
    return { ...series, ...relabel(series, labels) }
  })
}

function relabel(_series: Series, labels: Labels): { labels: Labels; key: string } {
  return { labels, key: labelsKey(labels) }
}

export interface LogSamplesOptions {
  readonly source: LogSource
  readonly grid: Grid
  readonly budget: QueryBudget
  readonly stats: ScanStats
  readonly nowNs: () => bigint
}

/** Reads samples by running the log pipeline over the store. */
export function logSamples(options: LogSamplesOptions): SampleReader {
  return async (node, window, visit) => {
    const { source, grid, budget, stats } = options
    const { range } = node
    const pipeline = new Pipeline(range.selector.stages, options.nowNs)
    const isBytes = node.operation === 'bytes_over_time' || node.operation === 'bytes_rate'
    const unwrap = range.unwrap ? compileUnwrap(range.unwrap) : undefined
    const grouping = node.grouping
    const baseSeconds = Number(grid.startNs / 1_000_000_000n)
    const baseNanos = Number(grid.startNs % 1_000_000_000n)
    const offset = Number(range.offsetNs)
    const needsText = pipeline.needsText
    for (const page of await source.select(range.selector.matchers, window)) {
      const pause = budget.checkpoint()
      if (pause) await pause
      const opened = page.open({ text: needsText })
      const lines = opened instanceof Promise ? await opened : opened
      // Lines without changes to their labels (the usual case without parsers and metadata) share one series key.
      const streamLabels = grouping ? groupLabels(page.stream.labels, grouping) : page.stream.labels
      const streamKey = grouping ? labelsKey(streamLabels) : page.stream.key
      pipeline.scan(page, lines, window, false, stats, (entry, index) => {
        let value = 1
        if (unwrap) {
          const unwrapped = unwrap(entry)
          if (unwrapped === undefined) return
          value = unwrapped
        } else if (isBytes) {
          value = needsText ? entry.lineBytes : lines.lineEnds[index] - (index === 0 ? 0 : lines.lineEnds[index - 1])
        }
        const time = (entry.seconds - baseSeconds) * 1e9 + (entry.nanos - baseNanos) + offset
        if (entry.isUnchanged) {
          visit(streamLabels, streamKey, time, value)
          return
        }
        const all = entry.labels()
        if (entry.error !== '') {
          if (entry.get(PRESERVE_ERROR_LABEL) === '') throw pipelineError(entry.error, all)
          visit(all, labelsKey(all), time, value)
          return
        }
        const labels = grouping ? groupLabels(all, grouping) : all
        visit(labels, labelsKey(labels), time, value)
      })
    }
  }
}

function pipelineError(error: string, labels: Labels): LogqlExecutionError {
  return new LogqlExecutionError(
    `pipeline error: '${error}' for series: '${formatStreamLabels(labels)}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | ${ERROR_LABEL}!="${error}").\n` +
      `To skip all potential errors you can match empty errors.(e.g ${ERROR_LABEL}="")\n` +
      `The label filter can also be specified after unwrap. (e.g | unwrap latency | ${ERROR_LABEL}="" )\n`,
  )
}

/** A sample's value from a label, which the series then loses; undefined when the line gives no sample. */
export function compileUnwrap(node: UnwrapNode): (entry: Entry) => number | undefined {
  const filters = node.filters.map(compileFilter)
  return (entry) => {
    const text = entry.get(node.label)
    if (text === '') return undefined
    let value = 0
    if (entry.error === '') {
      const converted = convert(text, node.conversion)
      if (typeof converted === 'number') {
        value = converted
        entry.remove(node.label)
      } else entry.fail(SAMPLE_ERROR, converted)
    }
    return filters.every((filter) => filter(entry)) ? value : undefined
  }
}

function convert(text: string, conversion: UnwrapNode['conversion']): number | string {
  switch (conversion) {
    case 'bytes':
      return parseBytes(text) ?? `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`
    case 'duration':
    case 'duration_seconds':
      try {
        return parseDurationNs(text) / 1e9
      } catch (error) {
        if (error instanceof UnitError) return error.message
        throw error
      }
    default:
      return parseGoFloat(text) ?? `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`
  }
}
