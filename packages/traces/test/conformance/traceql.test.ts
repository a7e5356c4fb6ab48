import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'
import { parse as parseYaml } from 'yaml'
import type { Attribute, FieldExpression, TraceQlQuery } from '../../src/query/ast.ts'
import { checkTraceQl, UnsupportedError } from '../../src/query/check.ts'
import { compilePredicate, compileValue } from '../../src/query/expression.ts'
import type { RowSource } from '../../src/query/expression.ts'
import { extractQuery } from '../../src/query/filter-extract.ts'
import { createIntervals, intervalOf } from '../../src/query/intervals.ts'
import { tokenize } from '../../src/query/lexer.ts'
import { parseTraceQl } from '../../src/query/parser.ts'
import { runPipeline } from '../../src/query/pipeline.ts'
import type { PipelineSpan, Spanset } from '../../src/query/pipeline.ts'
import type { Static } from '../../src/query/static.ts'
import { NIL } from '../../src/query/static.ts'
import type { TreePosition } from '../../src/query/structure.ts'
import type { Json } from '../support/tempo.ts'
import { CORPUS, readFacts, runFamily } from './corpus.ts'
import type { Case } from './corpus.ts'

function compile(query: string): TraceQlQuery {
  const parsed = parseTraceQl(query)
  checkTraceQl(parsed)
  return parsed
}

function staticOf(value: Record<string, Json>): Static {
  const [type, content] = Object.entries(value)[0]
  const array = (member: 'string' | 'int' | 'float' | 'bool'): Static => ({
    type: 'array',
    value: content.map((each: never) => ({ type: member, value: each })),
  })
  switch (type) {
    case 'duration_ns':
      return { type: 'duration', value: content }
    case 'stringarray':
      return array('string')
    case 'intarray':
      return array('int')
    case 'floatarray':
      return array('float')
    case 'booleanarray':
      return array('bool')
    case 'nil':
      return NIL
    default:
      return { type, value: content } as Static
  }
}

/** A span of the corpus: attributes by their TraceQL names. */
class FactSpan implements PipelineSpan {
  readonly fact: Json
  readonly #source: RowSource

  constructor(fact: Json) {
    this.fact = fact
    const attributes: Record<string, Json> = fact.attributes ?? {}
    const lookUp = ({ intrinsic, name, scope }: Attribute): Static => {
      const keys = intrinsic
        ? [intrinsic]
        : scope === 'none'
          ? [`.${name}`, `span.${name}`, `resource.${name}`]
          : [`${scope}.${name}`]
      const key = keys.find((candidate) => candidate in attributes)
      return key === undefined ? NIL : staticOf(attributes[key])
    }
    this.#source = { value: (attribute) => () => lookUp(attribute) }
  }

  matches(filter: FieldExpression): boolean {
    return compilePredicate(filter, this.#source)(0)
  }

  value(expression: FieldExpression): Static {
    return compileValue(expression, this.#source)(0)
  }

  position(): TreePosition {
    const { nestedSetLeft = 0, nestedSetRight = 0, nestedSetParent = 0 } = this.fact
    return { left: nestedSetLeft, right: nestedSetRight, parent: nestedSetParent }
  }
}

function toFact({ attributes, scalar, spans }: Spanset<FactSpan>): unknown {
  return {
    spans: spans.map(({ fact }) => fact),
    scalar: scalar === undefined ? undefined : numberText(scalar),
    group: attributes.length === 0 ? undefined : attributes.map(([name, value]) => [name, numberText(value)]),
  }
}

/** Upstream prints `by(.foo)` values with their types; for numbers only the number counts here. */
function numberText(value: Static): string {
  return 'value' in value ? String(value.value) : 'nil'
}

function expectedOf(spanset: Json): unknown {
  return {
    spans: spanset.spans,
    scalar: spanset.scalar === undefined ? undefined : numberText(staticOf(spanset.scalar)),
    group: spanset.group?.map(([name, value]: [string, Json]) => [name, numberText(staticOf(value))]),
  }
}

function factCases(file: string, run: (fact: Json) => void | { skip: string }): () => Case[] {
  return () =>
    readFacts(`traceql/facts/${file}.json`).map((fact, index) => ({
      id: `${fact.src_line ?? index} ${fact.query ?? fact.input ?? fact.name ?? ''}`.trim(),
      run: () => run(fact),
    }))
}

function exampleCases(list: string, run: (query: string) => void): () => Case[] {
  return () => {
    const file = join(CORPUS, 'traceql/grafana__tempo/pkg/traceql/test_examples.yaml')
    const queries = parseYaml(readFileSync(file, 'utf8'))[list] as string[]
    return queries.map((query) => ({ id: query, run: () => run(query) }))
  }
}

describe('TraceQL conformance', () => {
  runFamily(
    'traceql examples valid',
    exampleCases('valid', (query) => void compile(query)),
  )
  runFamily(
    'traceql examples parse_fails',
    exampleCases('parse_fails', (query) => assert.throws(() => parseTraceQl(query))),
  )
  runFamily(
    'traceql examples validate_fails',
    exampleCases('validate_fails', (query) => {
      const parsed = parseTraceQl(query)
      assert.throws(
        () => checkTraceQl(parsed),
        (error) => !(error instanceof UnsupportedError),
      )
    }),
  )
  runFamily(
    'traceql examples unsupported',
    exampleCases('unsupported', (query) => {
      const parsed = parseTraceQl(query)
      assert.throws(() => checkTraceQl(parsed), UnsupportedError)
    }),
  )
  runFamily(
    'traceql parse',
    factCases('parse', ({ error, query, valid }) => {
      if (valid) parseTraceQl(query)
      else
        assert.throws(
          () => parseTraceQl(query),
          (thrown: Error) => thrown.message.includes(error),
        )
    }),
  )
  runFamily(
    'traceql tokens',
    factCases('tokens', ({ input, tokens }) =>
      assert.deepEqual(
        tokenize(input)
          .slice(0, -1)
          .map(({ type }) => type),
        tokens,
      ),
    ),
  )
  runFamily(
    'traceql durations',
    factCases('durations', ({ duration, input }) =>
      assert.equal(tokenize(input)[0].value, tokenize(duration)[0].value),
    ),
  )
  runFamily(
    'traceql span_filter',
    factCases('span_filter', ({ matches, query, span }) => {
      const [stage] = parseTraceQl(query).stages
      assert.ok(stage.kind === 'filter')
      assert.equal(new FactSpan(span).matches(stage.expression), matches)
    }),
  )
  runFamily(
    'traceql eval',
    factCases('eval', ({ input, output, query }) => {
      const spansets = input.map(({ spans }: Json) => ({
        spans: spans.map((span: Json) => new FactSpan(span)),
        scalar: undefined,
        attributes: [],
      }))
      assert.deepEqual(runPipeline<FactSpan>(parseTraceQl(query).stages, spansets).map(toFact), output.map(expectedOf))
    }),
  )
  runFamily(
    'traceql tag_filter_extract',
    factCases('tag_filter_extract', ({ expected, query }) => assert.equal(extractQuery(query), expected)),
  )
  runFamily(
    'traceql metrics_intervals',
    factCases('metrics_intervals', ({ end, expected, start, step, ts }) => {
      const intervals = createIntervals(BigInt(start), BigInt(end), BigInt(step))
      assert.equal(intervalOf(intervals, BigInt(ts)), expected)
    }),
  )
  runFamily(
    'traceql doc_queries',
    factCases('doc_queries', ({ query }) => {
      if (!/^\s*\{/.test(query) || /<nil>|__meta_/.test(query)) return { skip: 'not a TraceQL query' }
      // Some code blocks hold one query a line.
      for (const each of /\n\{/.test(query) ? query.split('\n') : [query]) compile(each)
      return undefined
    }),
  )
})
