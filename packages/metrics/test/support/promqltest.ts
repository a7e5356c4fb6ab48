import type { Labels } from '@quartet/model'
import { labelsKey } from '@quartet/model'
import { parseDuration, unquoteGo } from '@quartet/query'
import type { Annotations } from '../../src/query/annotations.ts'
import { formatLabels } from '../../src/query/binary-vectors.ts'
import { QueryEngine } from '../../src/query/engine.ts'
import type { EngineOptions, QueryResult } from '../../src/query/engine.ts'
import { MemorySource } from './memory-source.ts'
import { parseSeriesLine } from './series-notation.ts'
import type { SequenceValue } from './series-notation.ts'

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
    const load = /^load(?:_with_nhcb)?\s+(\S+)/.exec(block.head)
    if (load !== null) return this.#load(parseDuration(load[1]), block.body)
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

  #load(stepMs: number, lines: readonly string[]): void {
    for (const line of lines) {
      const { labels, values } = parseSeriesLine(line)
      const samples = values.flatMap((value, index) =>
        value === 'gap' || value === 'histogram' ? [] : [{ timeMs: index * stepMs, value }],
      )
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
    const got = series.map(({ labels, values }) => ({ labels, values: [values[1]] }))
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
      const got = value.series.map(({ labels, timesMs, values }) => {
        const points = new Array<SequenceValue>(length).fill('gap')
        for (const [index, timeMs] of timesMs.entries()) points[(timeMs - startMs) / stepMs] = values[index]
        return { labels, values: points }
      })
      return comparePoints(got, wanted, length)
    }
    case 'vector': {
      const wanted = expected.lines.map(expectedLine)
      const got = value.series.map(({ labels, values }): Points => ({ labels, values: [values[0]] }))
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
  const got = value.series.map(({ labels, values, present }): Points => {
    return { labels, values: Array.from(values, (one, step) => (present[step] === 0 ? 'gap' : one)) }
  })
  return comparePoints(got, expected.lines.map(expectedLine), value.grid.count)
}

function expectedLine(line: string): Points {
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
    const shown = `${formatLabels(labels)} ${values.slice(0, 12).join(' ')}`
    if (want === undefined) return `unexpected ${shown}`
    if (seen.has(key)) return `twice ${shown}`
    seen.add(key)
    for (let index = 0; index < length; index++) {
      const a = values[index] ?? 'gap'
      const b = want.values[index] ?? 'gap'
      if (!areAlmostEqual(a, b)) return `${shown}, expected ${want.values.slice(0, 12).join(' ')}`
    }
  }
  const missing = wanted.find(
    ({ labels, values }) => !seen.has(labelsKey(labels)) && values.some((one) => one !== 'gap'),
  )
  return missing === undefined ? undefined : `missing ${formatLabels(missing.labels)} ${missing.values.join(' ')}`
}

/** Upstream's almost.Equal with 1e-6. */
function areAlmostEqual(a: SequenceValue, b: SequenceValue): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  const difference = Math.abs(a - b)
  const size = Math.abs(a) + Math.abs(b)
  if (a === 0 || b === 0 || size < 2.2250738585072014e-308) return difference < 1e-6 * 2.2250738585072014e-308
  return difference / Math.min(size, Number.MAX_VALUE) < 1e-6
}
