import type { Label, Labels, NativeHistogram } from '@quartet/model'
import { classicToNative, compactHistogram, labelsKey, labelValue } from '@quartet/model'
import { parseDuration, unquoteGo } from '@quartet/query'
import type { Annotations } from '../../src/query/annotations.ts'
import { formatLabels } from '../../src/query/binary-vectors.ts'
import { QueryEngine } from '../../src/query/engine.ts'
import type { EngineOptions, QueryResult } from '../../src/query/engine.ts'
import { histogramText } from '../../src/query/histogram-text.ts'
import { ABSENT, HISTOGRAM } from '../../src/query/steps.ts'
import type { StepSeries } from '../../src/query/steps.ts'
import type { NotedHistogram } from './histogram-notation.ts'
import { MemorySource } from './memory-source.ts'
import { parseSeriesLine } from './series-notation.ts'
import type { SequenceValue, SeriesLine } from './series-notation.ts'

export interface CaseResult {
  /** `file:line` of the eval command. */
  readonly id: string
  /** Undefined when it passed. */
  readonly problem: string | undefined
}

/** As upstream's test engine: experimental functions on, delayed name removal on. */
export const UPSTREAM_TEST_ENGINE: EngineOptions = {
  maxSamples: 50_000_000,
  timeoutMs: 100_000,
  lookbackMs: 300_000,
  defaultStepMs: 60_000,
  nowMs: () => 0,
  delayNameRemoval: true,
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
}

/** Runs a promqltest script (DSL in the conformance corpus' SOURCE.md); one result per eval. */
export async function runScript(name: string, text: string, options = UPSTREAM_TEST_ENGINE): Promise<CaseResult[]> {
  const runner = new ScriptRunner(name, options)
  for (const block of blocksOf(text)) await runner.run(block)
  return runner.results
}

interface Block {
  /** From 1. */
  readonly line: number
  readonly head: string
  readonly body: readonly string[]
}

function blocksOf(text: string): Block[] {
  const blocks: { line: number; head: string; body: string[] }[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const isIndented = /^\s/.test(raw)
    const isCommand = /^(?:load|load_with_nhcb|clear|eval|eval_\w+)\b/.test(line)
    if (!isIndented || (isCommand && !/^\s/.test(raw))) blocks.push({ line: index + 1, head: line, body: [] })
    else blocks.at(-1)?.body.push(line)
  }
  return blocks
}

interface Expectation {
  fail: { text: string; isRegex: boolean }[] | undefined
  warn: { text: string; isRegex: boolean }[] | undefined
  info: { text: string; isRegex: boolean }[] | undefined
  noWarn: boolean
  noInfo: boolean
  ordered: boolean
  string: string | undefined
  rangeVector: { startMs: number; stepMs: number } | undefined
  lines: string[]
}

class ScriptRunner {
  readonly results: CaseResult[] = []
  readonly #name: string
  readonly #source = new MemorySource()
  readonly #engine: QueryEngine

  constructor(name: string, options: EngineOptions) {
    this.#name = name
    this.#engine = new QueryEngine(this.#source, options)
  }

  async run(block: Block): Promise<void> {
    if (block.head === 'clear') return this.#source.clear()
    const load = /^load(_with_nhcb)?\s+(\S+)/.exec(block.head)
    if (load !== null) return this.#load(parseDuration(load[2]), block.body, load[1] !== undefined)
    const evaluate = /^eval(_\w+)?\s+(instant|range)\s+(.*)$/.exec(block.head)
    if (evaluate === null) throw new Error(`${this.#name}:${block.line}: unknown command ${block.head}`)
    const id = `${this.#name}:${block.line}`
    let problem: string | undefined
    try {
      problem = await this.#eval(evaluate[1] ?? '', evaluate[2], evaluate[3], block.body)
    } catch (error) {
      problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
    this.results.push({ id, problem })
  }

  #load(stepMs: number, lines: readonly string[], withNhcb: boolean): void {
    const loaded = lines.map(parseSeriesLine)
    for (const { labels, values } of withNhcb ? [...loaded, ...customBucketSeries(loaded)] : loaded) {
      const samples = values.flatMap((value, index) => {
        if (value === 'gap') return []
        return [{ timeMs: index * stepMs, value: typeof value === 'object' ? value.histogram : value }]
      })
      if (samples.length > 0) this.#source.add(labels, samples)
    }
  }

  async #eval(flavour: string, mode: string, rest: string, body: readonly string[]): Promise<string | undefined> {
    const expected = expectationOf(flavour, body)
    const signal = new AbortController().signal
    let result: QueryResult
    try {
      if (mode === 'instant') {
        const [, at, query] = /^at\s+(\S+)\s+(.*)$/.exec(rest) ?? []
        const timeMs = timeOf(at)
        const expr = this.#engine.parse(query)
        result = await this.#engine.instant(expr, timeMs, { signal })
        const problem = compareInstant(result, expected) ?? compareAnnotations(result.annotations, expected)
        if (problem !== undefined || expected.fail !== undefined) return problem ?? 'expected to fail'
        if (expected.ordered || result.value.kind === 'string' || result.value.kind === 'samples') return undefined
        return await this.#compareAsRange(query, timeMs, expected)
      }
      const [, from, to, step, query] = /^from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.*)$/.exec(rest) ?? []
      const range = { startMs: timeOf(from), endMs: timeOf(to), stepMs: timeOf(step) }
      result = await this.#engine.range(this.#engine.parse(query), range, { signal })
    } catch (error) {
      if (!(error instanceof Error) || !EXPECTED_ERRORS.has(error.name)) throw error
      return compareFailure(error, expected)
    }
    if (expected.fail !== undefined) return 'expected to fail'
    return compareRange(result, expected) ?? compareAnnotations(result.annotations, expected)
  }

  /** The middle of a range query around the time must equal the instant result. */
  async #compareAsRange(query: string, timeMs: number, expected: Expectation): Promise<string | undefined> {
    const signal = new AbortController().signal
    const range = { startMs: timeMs - 60_000, endMs: timeMs + 60_000, stepMs: 60_000 }
    const { value } = await this.#engine.range(this.#engine.parse(query), range, { signal })
    if (value.kind !== 'matrix') return 'range query gave no matrix'
    const series = value.series.filter(({ present }) => present[1] !== 0)
    const got = series.map((one) => ({ labels: one.labels, values: [pointAt(one, 1)] }))
    const problem = comparePoints(got, expected.lines.map(expectedLine), 1)
    return problem === undefined ? undefined : `as range query: ${problem}`
  }
}

const EXPECTED_ERRORS = new Set(['EvaluationError', 'ParseError', 'QueryLimitError'])

function timeOf(text: string): number {
  if (/^-?[\d.]+$/.test(text)) return Number(text) * 1000
  return text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text)
}

function expectationOf(flavour: string, body: readonly string[]): Expectation {
  const expected: Expectation = {
    fail: flavour === '_fail' ? [] : undefined,
    warn: flavour === '_warn' ? [] : undefined,
    info: flavour === '_info' ? [] : undefined,
    noWarn: false,
    noInfo: false,
    ordered: flavour === '_ordered',
    string: undefined,
    rangeVector: undefined,
    lines: [],
  }
  for (const line of body) {
    const old = /^expected_fail_(message|regexp)\s+(.*)$/.exec(line)
    if (old !== null) {
      expected.fail?.push({ text: old[2], isRegex: old[1] === 'regexp' })
      continue
    }
    if (!/^expect\s/.test(line)) {
      expected.lines.push(line)
      continue
    }
    expectLine(expected, line)
  }
  return expected
}

function expectLine(expected: Expectation, line: string): void {
  const kind = /^expect\s+(fail|warn|info)\b(?:\s+(msg|regex):\s*(.*))?$/.exec(line)
  if (kind !== null) {
    const list = (expected[kind[1] as 'fail' | 'warn' | 'info'] ??= [])
    if (kind[2] !== undefined) list.push({ text: kind[3], isRegex: kind[2] === 'regex' })
    return
  }
  const string = /^expect\s+string\s+(.*)$/.exec(line)
  const range = /^expect\s+range vector from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)/.exec(line)
  if (string !== null) expected.string = string[1]
  else if (range !== null) expected.rangeVector = { startMs: timeOf(range[1]), stepMs: timeOf(range[3]) }
  else if (/^expect\s+no_warn/.test(line)) expected.noWarn = true
  else if (/^expect\s+no_info/.test(line)) expected.noInfo = true
  else if (/^expect\s+ordered/.test(line)) expected.ordered = true
  else throw new Error(`unknown expectation: ${line}`)
}

function compareFailure(error: Error, expected: Expectation): string | undefined {
  if (expected.fail === undefined) return `failed: ${error.message}`
  for (const { text, isRegex } of expected.fail) {
    // Upstream wraps parse errors with a position that scripts leave out.
    const message = error.message
    const isMatch = isRegex ? new RegExp(text).test(message) : message === text || message.endsWith(`: ${text}`)
    if (!isMatch) return `failed with ${JSON.stringify(message)}, expected ${JSON.stringify(text)}`
  }
  return undefined
}

function compareAnnotations(annotations: Annotations, expected: Expectation): string | undefined {
  const check = (
    kind: string,
    got: readonly string[],
    wanted: Expectation['warn'],
    mustBeNone: boolean,
  ): string | undefined => {
    if (mustBeNone && got.length > 0) return `unexpected ${kind}: ${got[0]}`
    if (wanted === undefined) return undefined
    if (got.length === 0) return `expected ${kind} ${wanted[0]?.text ?? ''}, got none`
    const isMatch = (text: string, want: { text: string; isRegex: boolean }): boolean =>
      want.isRegex ? new RegExp(want.text).test(text) : text === want.text
    const missing = wanted.find((want) => !got.some((text) => isMatch(text, want)))
    if (missing !== undefined) return `expected ${kind} ${missing.text}, got ${got.join('; ')}`
    const extra = wanted.length === 0 ? undefined : got.find((text) => !wanted.some((want) => isMatch(text, want)))
    return extra === undefined ? undefined : `unexpected ${kind}: ${extra}`
  }
  return (
    check('warning', annotations.warnings, expected.warn, expected.noWarn) ??
    check('info', annotations.infos, expected.info, expected.noInfo)
  )
}

interface Points {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

function compareInstant(result: QueryResult, expected: Expectation): string | undefined {
  const { value } = result
  switch (value.kind) {
    case 'string':
      return expected.string !== undefined && unquoteGo(expected.string) === value.value
        ? undefined
        : `got string ${value.value}`
    case 'scalar':
      return comparePoints([{ labels: [], values: [value.value] }], expected.lines.map(expectedLine), 1)
    case 'samples': {
      const { startMs, stepMs } = expected.rangeVector ?? { startMs: 0, stepMs: 1 }
      const wanted = expected.lines.map(expectedLine)
      const length = Math.max(0, ...wanted.map(({ values }) => values.length))
      const got = value.series.map(({ labels, timesMs, values, histograms }) => {
        const points = new Array<SequenceValue>(length).fill('gap')
        for (const [index, timeMs] of timesMs.entries())
          points[(timeMs - startMs) / stepMs] = noted(histograms?.[index]) ?? values[index]
        return { labels, values: points }
      })
      return comparePoints(got, wanted, length)
    }
    case 'vector': {
      const wanted = expected.lines.map(expectedLine)
      const got = value.series.map((one): Points => ({ labels: one.labels, values: [pointAt(one, 0)] }))
      if (expected.ordered) {
        const order = got.map(({ labels }) => formatLabels(labels)).join(' ')
        const wantedOrder = wanted.map(({ labels }) => formatLabels(labels)).join(' ')
        if (order !== wantedOrder) return `order ${order}, expected ${wantedOrder}`
      }
      return comparePoints(got, wanted, 1)
    }
    default:
      return `an instant query gave ${value.kind}`
  }
}

function compareRange(result: QueryResult, expected: Expectation): string | undefined {
  const { value } = result
  if (value.kind !== 'matrix') return `a range query gave ${value.kind}`
  const got = value.series.map((one): Points => {
    return { labels: one.labels, values: Array.from(one.values, (_, step) => pointAt(one, step)) }
  })
  return comparePoints(got, expected.lines.map(expectedLine), value.grid.count)
}

function expectedLine(line: string): Points {
  if (line.startsWith('{{')) return { labels: [], values: parseSeriesLine(`{} ${line}`).values }
  if (/^[+-]?(?:[\d.]|inf|nan)/i.test(line) && !/^[a-z_:]+\w*[{\s]/i.test(line)) {
    return { labels: [], values: parseSeriesLine(`{} ${line}`).values }
  }
  return parseSeriesLine(line)
}

function comparePoints(got: readonly Points[], wanted: readonly Points[], length: number): string | undefined {
  const byKey = new Map(wanted.map((points) => [labelsKey(points.labels), points]))
  const seen = new Set<string>()
  for (const { labels, values } of got) {
    const key = labelsKey(labels)
    const want = byKey.get(key)
    const shown = `${formatLabels(labels)} ${show(values)}`
    if (want === undefined) return `unexpected ${shown}`
    if (seen.has(key)) return `twice ${shown}`
    seen.add(key)
    for (let index = 0; index < length; index++) {
      const a = values[index] ?? 'gap'
      const b = want.values[index] ?? 'gap'
      if (!areAlmostEqual(a, b)) return `${shown}, expected ${show(want.values)}`
    }
  }
  const missing = wanted.find(
    ({ labels, values }) => !seen.has(labelsKey(labels)) && values.some((one) => one !== 'gap'),
  )
  return missing === undefined ? undefined : `missing ${formatLabels(missing.labels)} ${show(missing.values)}`
}

function show(values: readonly SequenceValue[]): string {
  const texts = values
    .slice(0, 12)
    .map((value) =>
      typeof value === 'object' ? `${histogramText(value.histogram)} hint ${value.histogram.resetHint}` : String(value),
    )
  return texts.join(' ')
}

function pointAt({ values, present, histograms }: StepSeries, step: number): SequenceValue {
  if (present[step] === HISTOGRAM) return noted(histograms![step])!
  return present[step] === ABSENT ? 'gap' : values[step]
}

function noted(histogram: NativeHistogram | undefined): NotedHistogram | undefined {
  return histogram && { histogram, hasHint: true }
}

/** As for floats, number by number; hints count only where the script gives one. */
function areHistogramsAlmostEqual(got: NotedHistogram, wanted: NotedHistogram): boolean {
  const [a, b] = [compactHistogram(got.histogram), compactHistogram(wanted.histogram)]
  if (wanted.hasHint && a.resetHint !== b.resetHint) return false
  const listOf = (one: NativeHistogram): number[] => [
    one.schema,
    one.zeroThreshold,
    one.zeroCount,
    one.count,
    one.sum,
    ...(one.customBounds ?? []),
    ...one.positive.indices,
    ...one.positive.counts,
    ...one.negative.indices,
    ...one.negative.counts,
  ]
  const [left, right] = [listOf(a), listOf(b)]
  return left.length === right.length && left.every((value, index) => areAlmostEqual(value, right[index]))
}

/** The classic histograms among the series as native ones with custom bounds, which is what `load_with_nhcb` adds. */
function customBucketSeries(lines: readonly SeriesLine[]): SeriesLine[] {
  interface Parts {
    labels: Labels
    buckets: Map<number, readonly SequenceValue[]>
    count: readonly SequenceValue[] | undefined
    sum: readonly SequenceValue[] | undefined
  }
  const byKey = new Map<string, Parts>()
  for (const { labels, values } of lines) {
    const match = /^(.*)_(bucket|count|sum)$/.exec(labelValue(labels, '__name__'))
    if (match === null) continue
    const base = labels
      .filter(([name]) => name !== 'le')
      .map(([name, value]): Label => [name, name === '__name__' ? match[1] : value])
    const key = labelsKey(base)
    const parts: Parts = byKey.get(key) ?? { labels: base, buckets: new Map(), count: undefined, sum: undefined }
    byKey.set(key, parts)
    if (match[2] !== 'bucket') parts[match[2] as 'count' | 'sum'] = values
    else if (labelValue(labels, 'le') !== '') parts.buckets.set(boundOf(labelValue(labels, 'le')), values)
  }
  return [...byKey.values()].flatMap(({ labels, buckets, count, sum }) => {
    if (buckets.size === 0 || [...buckets.keys()].some(Number.isNaN)) return []
    const length = Math.max(...[...buckets.values()].map(({ length }) => length))
    const values = Array.from({ length }, (_, index): SequenceValue => {
      const at = (list: readonly SequenceValue[] | undefined): number | undefined => {
        const value = list?.[index]
        return typeof value === 'number' ? value : undefined
      }
      const known = new Map(
        [...buckets].flatMap(([bound, list]) => {
          const value = at(list)
          return value === undefined ? [] : [[bound, value] as const]
        }),
      )
      if (known.size === 0) return 'gap'
      const histogram = classicToNative({ buckets: known, count: at(count), sum: at(sum) ?? 0 })
      return typeof histogram === 'string' ? 'gap' : { histogram, hasHint: false }
    })
    return [{ labels, values }]
  })
}

function boundOf(le: string): number {
  return /^\+?Inf$/i.test(le) ? Infinity : Number(le)
}

/** Upstream's almost.Equal with 1e-6. */
function areAlmostEqual(a: SequenceValue, b: SequenceValue): boolean {
  if (typeof a === 'object' && typeof b === 'object') return areHistogramsAlmostEqual(a, b)
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  const difference = Math.abs(a - b)
  const size = Math.abs(a) + Math.abs(b)
  if (a === 0 || b === 0 || size < 2.2250738585072014e-308) return difference < 1e-6 * 2.2250738585072014e-308
  return difference / Math.min(size, Number.MAX_VALUE) < 1e-6
}
