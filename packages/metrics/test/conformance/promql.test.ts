import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteOffset, createMatcher, DurationError, parseDuration, parseGoDuration } from '@quartet/query'
import type { MatchOp } from '@quartet/query'
import { ParseError } from '../../src/query/syntax/parse-error.ts'
import { parseExpr } from '../../src/query/syntax/parser.ts'
import { prettify } from '../../src/query/syntax/prettify.ts'
import { printExpr } from '../../src/query/syntax/printer.ts'
import { runScript, UPSTREAM_TEST_ENGINE } from '../support/promqltest.ts'
import { parseSeriesLine } from '../support/series-notation.ts'

/**
 * Upstream's own cases, read in place. (The listed doc_examples are result tables and comments, not queries.) What is known to fail stands in known-failures.json by `file:line`; that list may only
 * shrink: a failure that is not listed fails the test, and so does a listed case that passes.
 */
const CORPUS = resolve(import.meta.dirname, '../../../../../shared/conformance/promql')
const KNOWN = new Set(
  JSON.parse(readFileSync(resolve(import.meta.dirname, 'known-failures.json'), 'utf8')) as readonly string[],
)
const isAbsent = !existsSync(CORPUS)
if (isAbsent) console.log('promql: skipped, ../shared/conformance is not there')

interface Outcome {
  readonly id: string
  readonly problem: string | undefined
}

function verdict(label: string, outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ problem }) => problem !== undefined)
  console.log(`${label}: ${outcomes.length - failed.length} passed, ${failed.length} failed, 0 skipped`)
  const surprises = failed.filter(({ id }) => !KNOWN.has(id)).map(({ id, problem }) => `${id} ${problem}`)
  const repaired = outcomes.filter(({ id, problem }) => problem === undefined && KNOWN.has(id)).map(({ id }) => id)
  assert.deepEqual(surprises, [], 'cases that fail and are not in known-failures.json')
  assert.deepEqual(repaired, [], 'cases that pass: take them out of known-failures.json')
  assert.ok(outcomes.length > 0)
}

interface Fact extends Readonly<Record<string, unknown>> {
  readonly src_line?: number
  readonly path?: string
}

function facts(name: string, check: (fact: Fact) => string | undefined): void {
  test(`facts: ${name}`, { skip: isAbsent }, () => {
    const { cases } = JSON.parse(readFileSync(resolve(CORPUS, 'facts', name), 'utf8')) as { cases: readonly Fact[] }
    const outcomes = cases.map((fact, index): Outcome => {
      const id = `${name}:${fact.path === undefined ? '' : `${fact.path}:`}${fact.src_line ?? index}`
      try {
        return { id, problem: check(fact) }
      } catch (error) {
        return { id, problem: String(error) }
      }
    })
    verdict(`promql ${name}`, outcomes)
  })
}

const ALL_FEATURES = UPSTREAM_TEST_ENGINE

test('scripts of promqltest', { skip: isAbsent }, async () => {
  const directory = resolve(CORPUS, 'prometheus__prometheus/promql/promqltest/testdata')
  const outcomes: Outcome[] = []
  for (const file of readdirSync(directory).sort()) {
    if (file.endsWith('.test'))
      outcomes.push(...(await runScript(file, readFileSync(resolve(directory, file), 'utf8'))))
  }
  verdict('promql', outcomes)
})

facts('parse.json', (fact) => {
  const { query, errors } = fact as unknown as {
    query: string
    errors: readonly { msg: string; start: number | null; end: number | null }[]
  }
  const wanted = errors.map(({ msg, start, end }) => `${start ?? 0}-${end ?? 0} ${msg}`)
  let got: string[] = []
  try {
    parseExpr(query, ALL_FEATURES)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    got = error.problems.map(({ message, range: { start, end } }) => {
      return `${byteOffset(query, start)}-${byteOffset(query, end)} ${message}`
    })
  }
  return got.join('\n') === wanted.join('\n') ? undefined : `got ${got.join('; ')}, expected ${wanted.join('; ')}`
})

const expectText = (got: string, wanted: unknown): string | undefined =>
  got === wanted ? undefined : `got ${got}, expected ${String(wanted)}`

facts('printer.json', (fact) => expectText(printExpr(parseExpr(String(fact['in']), ALL_FEATURES)), fact['out']))

facts('prettier.json', (fact) => {
  // Upstream's tests set the line limit to 10 to see anything at all.
  return expectText(prettify(parseExpr(String(fact['in']), ALL_FEATURES), 10), fact['out'])
})

facts('durations.json', (fact) => {
  const text = String(fact['in'])
  const parse = (): number => (text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text))
  try {
    const ms = parse()
    if (fact['invalid'] === true) return 'was accepted'
    const wanted = Number(parseGoDuration(String(fact['out']))) / 1e6
    return ms === wanted ? undefined : `got ${ms} ms, expected ${wanted}`
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    return fact['invalid'] === true ? undefined : error.message
  }
})

facts('label_matchers.json', (fact) => {
  const { name, type, value } = fact['matcher'] as { name: string; type: MatchOp; value: string }
  const got = createMatcher(name, type, value).matches(String(fact['value']))
  return got === fact['match'] ? undefined : `got ${got}`
})

facts('series_literals.json', (fact) => {
  try {
    const { values } = parseSeriesLine(String(fact['input']))
    if (fact['valid'] !== true) return 'was accepted'
    return expectText(JSON.stringify(values), JSON.stringify(fact['values']))
  } catch (error) {
    return fact['valid'] === true ? String(error) : undefined
  }
})

facts('doc_examples.json', (fact) => {
  const query = String(fact['query'])
  // Sketches of the grammar, listings of results and examples of mistakes are no queries.
  if (/<[a-z]|=>|\.\.\.|INVALID|Bad!|\bNo suffixing|^\s*\[|^\s*[a-z_]+\{[^}]*\}\s+\d/im.test(query)) return undefined
  if (parses(query)) return undefined
  // Several examples in one block, one per line.
  const bad = query.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#') && !parses(line))
  return bad.length === 0 ? undefined : `does not parse: ${bad.join(' | ')}`
})

function parses(query: string): boolean {
  try {
    parseExpr(query, ALL_FEATURES)
    return true
  } catch (error) {
    if (error instanceof ParseError) return false
    throw error
  }
}
