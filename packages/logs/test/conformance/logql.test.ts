import { formatStreamLabels, labelsFromPairs, labelsFromRecord, labelsKey, parseStreamLabels } from '@quartet/model'
import { createMatcher, QueryBudget } from '@quartet/query'
import { systemClock } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { MetricNode, StageNode } from '../../src/query/ast.ts'
import { Entry } from '../../src/query/engine/entry.ts'
import { createGrid, stepTimeNs } from '../../src/query/engine/grid.ts'
import { runLogQuery } from '../../src/query/engine/log-query.ts'
import { logSamples, runMetricQuery } from '../../src/query/engine/metric-query.ts'
import type { SampleReader } from '../../src/query/engine/metric-query.ts'
import { createScanStats, Pipeline } from '../../src/query/engine/pipeline.ts'
import { LogqlParseError } from '../../src/query/errors.ts'
import { parseLabelFilter, parseLogql, parseLogSelector, parseMatchers } from '../../src/query/parser.ts'
import { printQuery } from '../../src/query/printer.ts'
import { compileFilter } from '../../src/query/stages/label-filter.ts'
import { compileIp } from '../../src/query/stages/ip.ts'
import { parseJsonPath } from '../../src/query/stages/json.ts'
import { parseLogfmtKey } from '../../src/query/stages/logfmt.ts'
import { checkPattern, matchPattern, parsePattern, testPattern } from '../../src/query/stages/pattern-expression.ts'
import { buildStage } from '../../src/query/stages/registry.ts'
import { lineFunctions } from '../../src/query/template/functions.ts'
import { parseDurationNs } from '../../src/config/units.ts'
import { memorySource } from '../support/memory-source.ts'

/** Facts of upstream's tests, read where they lie. The families of cases are in ../shared/conformance/logql/facts. */
const FACTS = join(import.meta.dirname, '../../../../../shared/conformance/logql/facts')
const KNOWN = join(import.meta.dirname, 'known-failures.json')

// oxlint-disable-next-line typescript/no-explicit-any -- every facts file has a shape of its own
type Case = any
type Runner = (fact: Case) => void | Promise<void> | 'skip' | undefined

const runners: Record<string, Runner> = {
  parse({ query, valid, error, line, col }) {
    if (valid) return void parseLogql(query)
    assert.throws(
      () => parseLogql(query),
      (thrown) => {
        assert.ok(thrown instanceof LogqlParseError, String(thrown))
        if (error)
          assert.ok(thrown.message.includes(error.split(', expecting')[0]), `${thrown.message} — expected ${error}`)
        if (line) assert.deepEqual([thrown.line, thrown.column], [line, col])
        return true
      },
    )
  },
  canonical({ in: query, out, form }) {
    if (form !== 'string') return 'skip'
    assert.equal(printQuery(parseLogql(query)), out)
    return undefined
  },
  line_filters({ query, matchers, lines }) {
    const node = parseLogSelector(query.replace('{app!="foo",', '{app!="foo",'))
    assert.deepEqual(
      node.matchers.map(({ name, op, value }) => ({ name, type: op, value })),
      matchers,
    )
    const pipeline = new Pipeline(node.stages, () => 0n)
    for (const { line, keep } of lines) {
      const entry = pipeline.runLine(
        { labels: [], key: '' },
        { line: Buffer.from(line), seconds: 0, nanos: 0, metadata: [] },
      )
      assert.equal(entry !== undefined, keep, line)
    }
  },
  duration_literals({ input, duration }) {
    assert.equal(parseDurationNs(input), parseDurationNs(duration))
  },
  matchers_parse({ input, matchers, labels, error }) {
    if (labels) return assert.deepEqual(parseStreamLabels(input), labelsFromRecord(labels))
    if (error) return void assert.throws(() => parseMatchers(input))
    assert.deepEqual(
      parseMatchers(input).map(({ name, op, value }) => ({ name, type: op, value })),
      matchers,
    )
  },
  stages: runStage,
  template_functions({ fn, args, out }) {
    const target = lineFunctions({ line: () => '', timeNs: () => 0n, nowNs: () => 0n })[fn]
    assert.equal(target.call(...args.map((arg: unknown) => (typeof arg === 'number' ? BigInt(arg) : arg))), out)
  },
  label_filters({ filter, labels_in, labels_out, keep }) {
    const entry = entryOf('', labels_in)
    if (labels_out?.__error__ && !labels_in.__error__) entry.fail(labels_out.__error__)
    assert.equal(compileFilter(parseLabelFilter(filter))(entry), keep)
    if (labels_out) assert.deepEqual(Object.fromEntries(entry.labels()), labels_out)
  },
  ip_filters({ pattern, op, lines, line, value, match, matching_indexes, pattern_invalid, op_invalid }) {
    if (pattern_invalid) return void assert.throws(() => compileIp(pattern))
    if (lines) {
      const compiled = compileIp(pattern)
      return assert.deepEqual(
        lines.flatMap((text: string, index: number) => (compiled.contains(text) ? [index] : [])),
        matching_indexes,
      )
    }
    if (op_invalid && op === 'LineMatchNotRegexp')
      return void assert.throws(() =>
        buildStage({ kind: 'line', op: '!~', operands: [{ value: pattern, isIp: true }] }, () => 0n),
      )
    if (op_invalid) return void assert.throws(() => compileIp(pattern))
    assert.equal(compileIp(pattern).contains(line ?? value) !== (op === '!='), match)
  },
  regex_line_filters({ regex }) {
    buildStage({ kind: 'line', op: '|~', operands: [{ value: regex, isIp: false }] }, () => 0n)
  },
  pattern_expressions({ expr, line, captures, matches, valid, use, test, literals }) {
    const parts = parsePattern(expr)
    if (test === 'Test_ParseLiterals')
      return assert.deepEqual(
        parts.flatMap((part) => ('literal' in part ? [part.literal] : [])),
        literals ?? [],
      )
    if (valid === false) return void assert.throws(() => checkPattern(parts, use ?? 'stage'))
    if (valid === true) return checkPattern(parts, use ?? 'stage')
    assert.deepEqual(matchPattern(parts, line) ?? [], captures ?? [])
    assert.equal(testPattern(parts, line), matches)
  },
  json_logfmt_expressions({ lang, expression, path, valid }) {
    const parse = (): readonly (string | number)[] =>
      lang === 'json' ? parseJsonPath(expression) : [parseLogfmtKey(expression)].filter((key) => key !== '')
    if (!valid) return void assert.throws(parse)
    assert.deepEqual(parse(), path ?? [])
  },
  regexp_stage_validity({ pattern, error }) {
    const build = (): unknown => buildStage({ kind: 'regexp', pattern }, () => 0n)
    if (error) assert.throws(build)
    else build()
  },
  parser_metric: runParserMetric,
  engine_instant: (fact) => runEngine(fact, seconds(fact.time_s), seconds(fact.time_s), 0n),
  engine_range: (fact) =>
    runEngine(fact, seconds(fact.start_s), seconds(fact.end_s), BigInt(parseDurationNs(fact.step || '0s'))),
  doc_queries({ query, placeholder }) {
    if (placeholder || /(^|\n)\s*[|#]/.test(query) || query.trim().startsWith('|')) return 'skip'
    parseLogql(query)
    return undefined
  },
}

function seconds(value: number | undefined): bigint {
  return BigInt(Math.round((value ?? 0) * 1e9))
}

function entryOf(line: string, labels: Record<string, string>): Entry {
  const entry = new Entry()
  const pairs = Object.entries(labels)
  entry.begin({ labels: pairs, key: '' }, new Map(pairs))
  entry.setBytes(Buffer.from(line), 0, Buffer.byteLength(line))
  return entry
}

function stageNode({ stage, args }: Case): StageNode {
  switch (stage) {
    case 'json':
      return {
        kind: 'json',
        extractions: (args.expressions ?? []).map(({ label, expression }: Case) => ({ name: label, expression })),
      }
    case 'logfmt':
      return {
        kind: 'logfmt',
        strict: args.strict === true,
        keepEmpty: args.keep_empty === true,
        extractions: (args.expressions ?? []).map(({ label, expression }: Case) => ({ name: label, expression })),
      }
    case 'regexp':
    case 'pattern':
      return { kind: stage, pattern: args.pattern }
    case 'unpack':
      return { kind: 'unpack' }
    case 'line_format':
      return { kind: 'line_format', template: args.template }
    case 'label_format':
      return {
        kind: 'label_format',
        formats: args.formats.map(({ to, rename, template }: Case) =>
          rename === undefined ? { name: to, template } : { name: to, rename },
        ),
      }
    default:
      return {
        kind: stage,
        labels: args.labels.map(({ name, matcher }: Case) => ({
          name: name ?? matcher.name,
          matcher: matcher && createMatcher(matcher.name, matcher.type, matcher.value),
        })),
      }
  }
}

function runStage(fact: Case): void {
  const entry = entryOf(fact.line_in ?? '', fact.labels_in ?? {})
  if (fact.timestamp_ns && fact.timestamp_ns !== '0') {
    entry.seconds = Number(BigInt(fact.timestamp_ns) / 1_000_000_000n)
    entry.nanos = Number(BigInt(fact.timestamp_ns) % 1_000_000_000n)
  }
  if (fact.error_in) entry.fail(fact.error_in, fact.error_details_in)
  if (fact.stage === 'label_format') {
    // Upstream's test runs this stage on a fixed line and time.
    const [lineSeconds, line] = [1_661_518_453, 'test line']
    entry.setBytes(Buffer.from(line), 0, line.length)
    entry.seconds = lineSeconds
  }
  buildStage(stageNode(fact), () => 0n).run(entry)
  if ('line_out' in fact) assert.equal(entry.line, Array.isArray(fact.line_out) ? '' : (fact.line_out ?? ''))
  assert.deepEqual(
    Object.fromEntries(labelsKeyed(entry)),
    Object.fromEntries(Object.entries(fact.labels_out ?? {}).sort()),
  )
}

function labelsKeyed(entry: Entry): [string, string][] {
  return entry.labels().map(([name, value]) => [name, value])
}

async function runParserMetric({ query, line, ok, values, labels }: Case): Promise<void> {
  const node = parseLogql(query)
  if (node.kind === 'selector') throw new Error('not a metric query')
  const range = innermost(node)
  const source = memorySource([
    { labels: parseStreamLabels('{app="nginx", cluster="us-central-west"}'), entries: [{ timeNs: 0n, line }] },
  ])
  const samples: { labels: string; value: number }[] = []
  const grid = createGrid(0n, 0n, 0n)
  const outer = node.kind === 'aggregate' && node.of === range ? node.grouping : undefined
  const isGrouped = node.kind === 'aggregate'
  await logSamples({ source, grid, budget: budget(), stats: createScanStats(), nowNs: () => 0n })(
    range,
    { startNs: 0n, endNs: 0n },
    (own, _, __, value) => {
      const kept =
        range.operation === 'absent_over_time'
          ? []
          : !isGrouped
            ? own
            : own.filter(([name]) => (outer ? outer.labels.includes(name) !== outer.without : false))
      samples.push({ labels: formatStreamLabels(labelsFromPairs(kept)), value })
    },
  )
  if (!ok) return assert.equal(samples.length, 0)
  assert.deepEqual(
    samples.map(({ value }) => value),
    values,
  )
  assert.deepEqual(
    samples.map((sample) => sample.labels),
    labels,
  )
}

function innermost(node: MetricNode): Extract<MetricNode, { kind: 'range' }> {
  if (node.kind === 'range') return node
  if (node.kind === 'aggregate' || node.kind === 'label_replace') return innermost(node.of)
  throw new Error(`no range in ${node.kind}`)
}

function budget(): QueryBudget {
  return new QueryBudget({
    maxSamples: 1e9,
    deadlineMs: Number.MAX_SAFE_INTEGER,
    nowMs: systemClock.nowMs,
    signal: new AbortController().signal,
  })
}

async function runEngine(fact: Case, startNs: bigint, endNs: bigint, stepNs: bigint): Promise<void> {
  const node = parseLogql(fact.query)
  if (node.kind === 'selector') {
    const source = memorySource(
      (fact.inputs[0] ?? []).map((input: Case) => ({
        labels: parseStreamLabels(input.labels),
        entries: entriesOf(input).map(({ timeNs, text }) => ({ timeNs, line: text })),
      })),
    )
    const streams = await runLogQuery(
      { ...node, stages: [], matchers: [] },
      {
        source,
        startNs,
        endNs: endNs > startNs ? endNs - 1n : endNs,
        limit: fact.limit,
        direction: fact.direction,
        intervalNs: BigInt(parseDurationNs(fact.interval || '0s')),
        categorize: false,
        budget: budget(),
        stats: createScanStats(),
        nowNs: () => 0n,
      },
    )
    const found = streams.map(({ labels, entries }) => ({
      labels: formatStreamLabels(labels),
      values: entries.map(({ timeNs, line }) => [timeNs, line]),
    }))
    const expected = fact.expect.streams.map((stream: Case) => ({
      labels: formatStreamLabels(parseStreamLabels(stream.labels)),
      values: expectedEntries(stream, fact),
    }))
    assert.deepEqual(
      found,
      expected.sort((a: Case, b: Case) => (a.labels < b.labels ? -1 : 1)),
    )
    return
  }
  const grid = createGrid(startNs, endNs, stepNs)
  const calls = new Map<string, number>()
  const samples: SampleReader = async (range, window, visit) => {
    const inputs = inputsOf(range, fact, calls)
    for (const input of inputs) {
      const labels = parseStreamLabels(input.labels)
      const key = labelsKey(labels)
      for (const { timeNs, value } of entriesOf(input)) {
        if (timeNs < window.startNs || timeNs > window.endNs) continue
        visit(labels, key, Number(timeNs - grid.startNs) + Number(range.range.offsetNs), value)
      }
    }
  }
  const result = await runMetricQuery(node, { grid, samples, budget: budget(), maxSeries: 100_000 })
  const { expect } = fact
  if (expect.type === 'scalar') return assert.deepEqual(result, number(expect.v))
  if (typeof result === 'number') {
    assert.deepEqual(
      Array.from({ length: grid.count }, (_, step) => [Number(stepTimeNs(grid, step) / 1_000_000n), result]),
      expect.series[0].points,
    )
    return
  }
  const found = result.map(({ labels, values, present }) => ({
    labels: Object.fromEntries(labels),
    points: Array.from({ length: grid.count }, (_, step) => step)
      .filter((step) => present[step] === 1)
      .map((step) => [Number(stepTimeNs(grid, step) / 1_000_000n), values[step]]),
  }))
  const expected =
    expect.type === 'vector'
      ? expect.samples.map((sample: Case) => ({ labels: sample.labels, points: [[sample.t_ms, sample.v]] }))
      : expect.series
  assert.equal(found.length, expected.length, JSON.stringify(found))
  for (const [index, series] of expected.entries()) {
    const own =
      expect.type === 'vector'
        ? found[index]
        : found.find((candidate) => JSON.stringify(candidate.labels) === JSON.stringify(series.labels))
    assert.ok(own)
    assert.deepEqual(own.labels, series.labels)
    assert.equal(own.points.length, series.points.length)
    for (const [at, [time, value]] of series.points.entries()) {
      assert.equal(own.points[at][0], time)
      const wanted = number(value)
      const given = own.points[at][1]
      assert.ok(
        Object.is(given, wanted) || Math.abs(given - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
        `${given} is not ${wanted} at ${time}`,
      )
    }
  }
}

/** Which of the fact's inputs answers a range expression; of several with the same text, each call takes the next. */
function inputsOf(range: Extract<MetricNode, { kind: 'range' }>, fact: Case, calls: Map<string, number>): Case[] {
  const selects = ((fact.inputs_select ?? []) as string[]).map((text) => {
    const node = parseLogql(text)
    return node.kind === 'selector'
      ? { exact: '', selector: printQuery(node) }
      : { exact: printQuery(innermost(node)), selector: printQuery(innermost(node).range.selector) }
  })
  const text = printQuery(range)
  const selector = printQuery(range.range.selector)
  const indices = selects.flatMap((select, index) => (select.exact === text ? [index] : []))
  const candidates =
    indices.length > 0 ? indices : selects.flatMap((select, index) => (select.selector === selector ? [index] : []))
  const call = calls.get(text) ?? 0
  calls.set(text, call + 1)
  return fact.inputs[candidates[Math.min(call, candidates.length - 1)] ?? 0] ?? []
}

function entriesOf(input: Case): { timeNs: bigint; value: number; text: string }[] {
  return Array.from({ length: input.n }, (_, index) => {
    const time = input.ts_s.mul * index + input.ts_s.add
    const value =
      input.value?.const !== undefined
        ? number(input.value.const)
        : input.value?.ts_plus !== undefined
          ? time + input.value.ts_plus
          : 1
    return { timeNs: seconds(time), value, text: input.line === 'i' ? String(index) : String(time) }
  })
}

function expectedEntries(stream: Case, fact: Case): unknown[] {
  const interval = stream.interval ? BigInt(parseDurationNs(stream.interval)) : 0n
  const values: unknown[] = []
  let last: bigint | undefined
  for (const { timeNs, text } of entriesOf(interval > 0n ? { ...stream, n: stream.n * 100 } : stream)) {
    if (values.length === stream.n) break
    if (last !== undefined && interval > 0n && timeNs - last < interval) continue
    last = timeNs
    values.push([timeNs, text])
  }
  return (stream.order ?? fact.direction) === 'backward' ? values.reverse() : values
}

function number(value: number | string): number {
  if (typeof value === 'number') return value
  return value === 'NaN' ? Number.NaN : value === '-Inf' ? -Infinity : Infinity
}

if (existsSync(FACTS)) {
  const known = new Set<string>(JSON.parse(readFileSync(KNOWN, 'utf8')) as string[])
  for (const [name, run] of Object.entries(runners)) {
    it(`logql facts: ${name}`, async () => {
      const { cases } = JSON.parse(readFileSync(join(FACTS, `${name}.json`), 'utf8')) as { cases: Case[] }
      let [passed, failed, skipped] = [0, 0, 0]
      const unexpected: string[] = []
      const seen = new Map<string, number>()
      for (const fact of cases) {
        const base = `${name}.json#${fact.src_line ?? JSON.stringify(fact.query)}`
        const count = (seen.get(base) ?? 0) + 1
        seen.set(base, count)
        const id = count === 1 ? base : `${base}~${count}`
        try {
          if ((await run(fact)) === 'skip') {
            skipped++
            continue
          }
          passed++
          if (known.has(id)) unexpected.push(`${id} passes now: remove it from known-failures.json`)
        } catch (error) {
          failed++
          if (!known.has(id))
            unexpected.push(
              `${id}: ${error instanceof Error ? error.message : String(error)} — ${JSON.stringify(fact).slice(0, 400)}`,
            )
        }
      }
      console.log(`logql ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
      assert.deepEqual(unexpected, [])
    })
  }
} else {
  console.log(`logql: skipped, no facts in ${FACTS}`)
}
