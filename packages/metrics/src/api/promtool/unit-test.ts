import { compareLabels, labelsFromPairs, labelsFromRecord, labelsKey } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import { formatDuration, quoteGo } from '@quartet/query'
import { AlertingRule, loadRuleFile, RecordingRule } from '@quartet/rules'
import type { Evaluate, Rule, RuleGroupSpec } from '@quartet/rules'
import { histogramText } from '../../query/histogram-text.ts'
import { QueryEngine } from '../../query/engine.ts'
import type { EngineOptions } from '../../query/engine.ts'
import { QueryGate } from '../../query/query-gate.ts'
import { formatSample } from '../json-bytes.ts'
import { ParseError } from '../../query/syntax/parse-error.ts'
import { parseSelector } from '../../query/syntax/parser.ts'
import { promqlLanguage } from '../../rules/promql-rules.ts'
import { ruleQueries } from '../../rules/rule-queries.ts'
import { parseHistogram } from './histogram-notation.ts'
import { MemorySource } from './memory-source.ts'
import { parseSeriesLine } from './series-notation.ts'
import type { AlertTest, ExprTest, UnitTestFile, UnitTestGroup } from './unit-test-file.ts'

export interface UnitTestOptions {
  readonly ruleFiles: readonly string[]
  readonly intervalMs: number
  readonly groupOrder: UnitTestFile['group_eval_order']
  readonly isFuzzy: boolean
  readonly features: Pick<
    EngineOptions,
    'experimentalFunctions' | 'durationExpressions' | 'extendedRangeSelectors' | 'delayNameRemoval'
  >
}

interface RunningRule {
  readonly rule: Rule
  readonly group: RuleGroupSpec
  /** Series that it wrote last time. */
  written: Map<string, Labels>
}

/**
 * Runs one group of a unit test file: loads its series, evaluates the rules step by step, and compares.
 * @returns what differs, in upstream's words; nothing when all is as expected
 * @throws ConfigError when a rule file is wrong
 */
export async function runUnitTest(test: UnitTestGroup, options: UnitTestOptions): Promise<string[]> {
  const stepMs = test.interval || options.intervalMs
  const startMs = test.start_timestamp
  const source = new MemorySource()
  for (const { series, values } of test.input_series) {
    const line = `${series} ${values}`
    try {
      load(source, line, { startMs, stepMs })
    } catch (error) {
      return [problemOf(line, error)]
    }
  }
  const engine = new QueryEngine(source, {
    maxSamples: 10_000,
    timeoutMs: 100_000,
    lookbackMs: 300_000,
    defaultStepMs: options.intervalMs,
    nowMs: () => startMs,
    ...options.features,
  })
  const evaluate = ruleQueries({
    engine: () => engine,
    gate: new QueryGate(1),
    observe: () => undefined,
    monotonicMs: () => 0,
  })
  const rules = await loadRules(options)
  const problems: string[] = []
  const alertTests = [...test.alert_rule_test].sort((a, b) => a.eval_time - b.eval_time)
  const lastMs = Math.max(0, ...[...test.alert_rule_test, ...test.promql_expr_test].map((one) => one.eval_time))
  for (let offsetMs = 0; offsetMs <= lastMs; offsetMs += options.intervalMs) {
    const failures = await evaluateRules(rules, { test, source, evaluate, timeMs: startMs + offsetMs, offsetMs })
    if (failures.length > 0) return failures
    // What is to be compared between this round and the next is compared with this one.
    while (alertTests.length > 0 && alertTests[0].eval_time < offsetMs + options.intervalMs) {
      const problem = compareAlerts(alertTests.shift()!, rules, test)
      if (problem !== undefined) problems.push(problem)
    }
  }
  for (const one of test.promql_expr_test) {
    const problem = await compareExpr(one, { evaluate, startMs, isFuzzy: options.isFuzzy })
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

function load(source: MemorySource, line: string, grid: { readonly startMs: number; readonly stepMs: number }): void {
  const { labels, values } = parseSeriesLine(line)
  source.add(
    labels,
    values.flatMap((value, index) => {
      if (value === 'gap') return []
      const sample = typeof value === 'object' ? value.histogram : value
      return [{ timeMs: grid.startMs + index * grid.stepMs, value: sample }]
    }),
  )
}

/** A series is written like a selector, whose parser says in upstream's words what is wrong with it, and where. */
function problemOf(line: string, error: unknown): string {
  try {
    parseSelector(line)
  } catch (parseError) {
    if (parseError instanceof ParseError && parseError.message.includes('inside braces')) return parseError.message
  }
  return error instanceof Error ? error.message : String(error)
}

async function loadRules({ ruleFiles, groupOrder, features }: UnitTestOptions): Promise<RunningRule[]> {
  const language = promqlLanguage(features)
  const groups: RuleGroupSpec[] = []
  for (const path of ruleFiles) groups.push(...(await loadRuleFile({ path, language })).groups)
  const rank = ({ name }: RuleGroupSpec): number => {
    const place = groupOrder.indexOf(name)
    return place < 0 ? 0 : place + 1
  }
  return groups
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((group) =>
      group.rules.map((spec) => ({
        group,
        rule: spec.kind === 'recording' ? new RecordingRule(spec) : new AlertingRule(spec, { isRestored: true }),
        written: new Map<string, Labels>(),
      })),
    )
}

interface Round {
  readonly test: UnitTestGroup
  readonly source: MemorySource
  readonly evaluate: Evaluate
  readonly timeMs: number
  readonly offsetMs: number
}

async function evaluateRules(rules: readonly RunningRule[], round: Round): Promise<string[]> {
  const { test, source, evaluate, timeMs, offsetMs } = round
  const failures: string[] = []
  for (const running of rules) {
    const { rule, group } = running
    try {
      const samples = await rule.evaluate({
        timeMs,
        queryOffsetMs: group.queryOffsetMs ?? 0,
        limit: group.limit,
        externalLabels: labelsFromRecord(test.external_labels),
        externalUrl: test.external_url.replace(/\/$/, ''),
        evaluate,
        signal: new AbortController().signal,
        onTemplateError: () => undefined,
      })
      rule.lastEvaluationMs = timeMs
      const written = new Map<string, Labels>()
      for (const { labels, value, histogram, timeMs: at } of samples) {
        source.add(labels, [{ timeMs: at, value: histogram ?? value }])
        written.set(labelsKey(labels), labels)
      }
      for (const [key, labels] of running.written) {
        if (!written.has(key)) source.add(labels, [{ timeMs: timeMs - (group.queryOffsetMs ?? 0), value: 'stale' }])
      }
      running.written = written
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      failures.push(`    rule: ${rule.spec.name}, time: ${goDuration(offsetMs)}, err: ${reason}`)
    }
  }
  return failures
}

interface ShownAlert {
  readonly labels: Labels
  readonly annotations: Labels
}

function compareAlerts(one: AlertTest, rules: readonly RunningRule[], test: UnitTestGroup): string | undefined {
  const got: ShownAlert[] = rules.flatMap(({ rule }) =>
    rule instanceof AlertingRule && rule.spec.name === one.alertname
      ? rule.activeAlerts.filter(({ state }) => state === 'firing')
      : [],
  )
  const wanted: ShownAlert[] = one.exp_alerts.map(({ exp_labels, exp_annotations }) => ({
    labels: labelsFromPairs(withoutEmpty({ ...exp_labels, alertname: one.alertname })),
    annotations: labelsFromPairs(withoutEmpty(exp_annotations)),
  }))
  const [wantText, gotText] = [wanted, got].map(showAlerts)
  if (wantText === gotText) return undefined
  const name = test.name === '' ? '' : `    name: ${test.name},\n`
  return `${name}    alertname: ${one.alertname}, time: ${formatDuration(one.eval_time)}, \n        exp:${indented(wantText)}, \n        got:${indented(gotText)}`
}

function withoutEmpty(record: Readonly<Record<string, string>>): Label[] {
  return Object.entries(record)
}

function showAlerts(alerts: readonly ShownAlert[]): string {
  if (alerts.length === 0) return '[]'
  const sorted = [...alerts].sort(
    (a, b) => compareLabels(a.labels, b.labels) || compareLabels(a.annotations, b.annotations),
  )
  const lines = sorted.map(
    ({ labels, annotations }, index) =>
      `${index}:\n  Labels:${showLabels(labels)}\n  Annotations:${showLabels(annotations)}`,
  )
  return `[\n${lines.join('\n')}\n]`
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line, index) => (index === 0 ? line : `            ${line}`))
    .join('\n')
}

function showLabels(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quoteGo(value)}`).join(', ')}}`
}

async function compareExpr(
  one: ExprTest,
  { evaluate, startMs, isFuzzy }: { readonly evaluate: Evaluate; readonly startMs: number; readonly isFuzzy: boolean },
): Promise<string | undefined> {
  const head = `    expr: ${quoteGo(one.expr)}, time: ${formatDuration(one.eval_time)}`
  let got: ShownSample[]
  try {
    const elements = await evaluate(one.expr, startMs + one.eval_time, new AbortController().signal)
    got = elements.map(({ labels, value, histogram }) => ({
      labels,
      value,
      histogram: histogram && histogramText(histogram),
    }))
  } catch (error) {
    return `${head}, err: ${error instanceof Error ? error.message : String(error)}`
  }
  let wanted: ShownSample[]
  try {
    wanted = one.exp_samples.map(({ labels, value, histogram }) => ({
      labels: labels === '' ? [] : parseSeriesLine(labels).labels,
      value: Number(value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : value),
      histogram: histogram === '' ? undefined : histogramText(parseHistogram(histogram).histogram),
    }))
  } catch (error) {
    return `${head}, err: ${error instanceof Error ? error.message : String(error)}`
  }
  for (const list of [wanted, got]) list.sort((a, b) => compareLabels(a.labels, b.labels))
  if (wanted.length === got.length && wanted.every((sample, index) => isSame(sample, got[index], isFuzzy)))
    return undefined
  return `${head},\n        exp: ${showSamples(wanted)}\n        got: ${showSamples(got)}`
}

interface ShownSample {
  readonly labels: Labels
  readonly value: number
  readonly histogram: string | undefined
}

function isSame(a: ShownSample, b: ShownSample, isFuzzy: boolean): boolean {
  if (compareLabels(a.labels, b.labels) !== 0 || a.histogram !== b.histogram) return false
  if (a.histogram !== undefined || Object.is(a.value, b.value) || a.value === b.value) return true
  return isFuzzy && areNeighbours(a.value, b.value)
}

const neighbours = new Float64Array(2)
const words = new BigInt64Array(neighbours.buffer)

/** Whether no float lies between the two: they differ in the last bit only. */
function areNeighbours(a: number, b: number): boolean {
  neighbours[0] = a
  neighbours[1] = b
  const distance = words[0] - words[1]
  return distance >= -1n && distance <= 1n
}

function showSamples(samples: readonly ShownSample[]): string {
  if (samples.length === 0) return 'nil'
  return samples
    .map(({ labels, value, histogram }) => `${showLabels(labels)} ${histogram ?? exponential(value)}`)
    .join(', ')
}

/** Go's %E with the shortest digits: `2E+00`. */
function exponential(value: number): string {
  if (!Number.isFinite(value)) return formatSample(value)
  return value
    .toExponential()
    .replace(/e([+-])(\d+)$/, (_, sign: string, digits: string) => `E${sign}${digits.padStart(2, '0')}`)
}

/** `1h0m0s`, as Go writes durations. */
function goDuration(ms: number): string {
  if (ms === 0) return '0s'
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor(ms / 60_000) % 60
  const seconds = (ms % 60_000) / 1000
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
