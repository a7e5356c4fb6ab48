import {
  escapeName,
  formatFamily,
  isLabelName,
  isMetricName,
  isValidUtf8,
  parseFamilies,
  readDelimitedFamilies,
  unescapeName,
  writeDelimitedFamilies,
} from '@quartet/model'
import type { FamilyType, FamilyValue, MetricFamily } from '@quartet/model'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { bytesOf, CORPUS, readFacts, runFamily } from './corpus.ts'
import type { Case, Fact } from './corpus.ts'

const number = (value: unknown): number =>
  value === undefined ? 0 : value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value)

/** From client_model's field names to ours. */
function familyOf(fact: Fact): MetricFamily {
  const metrics = fact.Metric.map((metric: Fact) => ({
    labels: (metric.Label ?? []).map((label: Fact) => ({ name: label.Name ?? '', value: label.Value ?? '' })),
    timestampMs: metric.TimestampMs,
    value: valueOf(metric),
  }))
  return { name: fact.Name, help: fact.Help, type: (fact.Type ?? 'COUNTER') as FamilyType, metrics }
}

function valueOf(metric: Fact): FamilyValue {
  const { Counter, Gauge, Histogram, Summary, Untyped } = metric
  if (Counter) return { kind: 'counter', value: number(Counter.Value) }
  if (Gauge) return { kind: 'gauge', value: number(Gauge.Value) }
  if (Untyped) return { kind: 'untyped', value: number(Untyped.Value) }
  if (Summary) {
    return {
      kind: 'summary',
      count: number(Summary.SampleCount),
      sum: number(Summary.SampleSum),
      quantiles: (Summary.Quantile ?? []).map((at: Fact) => ({
        quantile: number(at.Quantile),
        value: number(at.Value),
      })),
    }
  }
  return {
    kind: 'histogram',
    count: number(Histogram.SampleCount ?? Histogram.SampleCountFloat),
    sum: number(Histogram.SampleSum),
    buckets: (Histogram.Bucket ?? []).map((bucket: Fact) => ({
      upperBound: number(bucket.UpperBound),
      count: number(bucket.CumulativeCount ?? bucket.CumulativeCountFloat),
    })),
  }
}

function factCases(file: string, run: (fact: Fact) => void): () => Case[] {
  return () =>
    readFacts(`exposition/facts/${file}.json`).map((fact) => ({
      id: `${fact.src_line} ${fact.name ?? ''}`.trim(),
      run: () => run(fact),
    }))
}

const byName = (families: Iterable<MetricFamily>): [string, MetricFamily][] =>
  [...families].map((family): [string, MetricFamily] => [family.name, family]).sort(([a], [b]) => (a < b ? -1 : 1))

describe('metric families conformance', () => {
  runFamily(
    'exposition text_parse',
    factCases('text_parse', ({ families, text }) => {
      const parsed = parseFamilies(bytesOf(text))
      assert.deepEqual(byName(parsed.values()), byName(families.map(familyOf)))
    }),
  )
  runFamily(
    'exposition text_parse_errors',
    factCases('text_parse_errors', ({ error, error_legacy: legacy, text }) => {
      for (const [rules, prefix] of [['utf8', error] as const, ['legacy', legacy ?? error] as const]) {
        if (prefix === '') parseFamilies(bytesOf(text), rules)
        else {
          assert.throws(
            () => parseFamilies(bytesOf(text), rules),
            (thrown: Error) => {
              assert.equal(thrown.message.slice(0, prefix.length), prefix)
              return true
            },
          )
        }
      }
    }),
  )
  runFamily(
    'exposition text_create',
    factCases('text_create', ({ family, text }) => {
      assert.equal(formatFamily(familyOf(family)), text)
    }),
  )
  runFamily(
    'exposition escape_names',
    factCases(
      'escape_names',
      ({ expected, expectedDots, expectedUnderscores, expectedUnescapedDots, expectedValue, input = '', test }) => {
        if (test === 'TestValueUnescapeErrors') {
          assert.equal(unescapeName(input, 'values'), expected ?? '')
          return
        }
        assert.equal(escapeName(input, 'underscores'), expectedUnderscores ?? '')
        assert.equal(escapeName(input, 'dots'), expectedDots ?? '')
        assert.equal(unescapeName(escapeName(input, 'dots'), 'dots'), expectedUnescapedDots ?? '')
        assert.equal(escapeName(input, 'values'), expectedValue ?? '')
        assert.equal(unescapeName(escapeName(input, 'values'), 'values'), input)
      },
    ),
  )
  runFamily(
    'exposition name_validity',
    factCases('name_validity', ({ kind, legacyValid, ln, mn, utf8Valid }) => {
      const bytes = bytesOf(kind === 'metric' ? mn : ln)
      const isValid = kind === 'metric' ? isMetricName : isLabelName
      const isText = isValidUtf8(bytes, 0, bytes.length)
      assert.equal(isText && isValid(bytes.toString(), 'legacy'), legacyValid)
      assert.equal(isText && isValid(bytes.toString(), 'utf8'), utf8Valid)
    }),
  )
  runFamily('exposition expfmt corpus', () => {
    const folder = join(CORPUS, 'exposition/prometheus__common/expfmt/fuzz/corpus')
    return readdirSync(folder).map((name) => ({
      id: name,
      run() {
        const parse = (): unknown => parseFamilies(readFileSync(join(folder, name)))
        if (name.startsWith('from_test_parse_error')) assert.throws(parse, { name: 'FamilyTextError' })
        else parse()
      },
    }))
  })
  runFamily('exposition expfmt testdata', () => {
    const folder = join(CORPUS, 'exposition/prometheus__common/expfmt/testdata')
    const round = (families: Iterable<MetricFamily>): Map<string, MetricFamily> =>
      readDelimitedFamilies(writeDelimitedFamilies(families).toBytes())
    return [
      {
        id: 'text survives text and protobuf',
        run() {
          const families = parseFamilies(readFileSync(join(folder, 'text')))
          assert.ok(families.size > 30)
          const text = [...families.values()].map((family) => formatFamily(family)).join('')
          assert.deepEqual(parseFamilies(Buffer.from(text)), families)
          assert.deepEqual(round(families.values()), families)
        },
      },
      {
        id: 'protobuf survives',
        run() {
          const families = readDelimitedFamilies(readFileSync(join(folder, 'protobuf')))
          assert.ok(families.size > 10)
          assert.deepEqual(round(families.values()), families)
        },
      },
      {
        id: 'alltypes survives',
        run() {
          const path = 'exposition/prometheus__prometheus/model/textparse/testdata/alltypes.237mfs.prom.txt'
          const families = parseFamilies(readFileSync(join(CORPUS, path)))
          assert.equal(families.size, 237)
          assert.deepEqual(round(families.values()), families)
        },
      },
    ]
  })
})

it('random bytes give families or the typed error', () => {
  let seed = 20261123
  const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0)
  const pieces = [
    'a',
    '{',
    '}',
    '"',
    '\\',
    '\n',
    ' ',
    '=',
    ',',
    '# TYPE ',
    '# HELP ',
    'histogram\n',
    '1',
    '.5',
    'le',
    '\xff',
  ]
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: (next() >>> 8) % 24 }, () => pieces[(next() >>> 8) % pieces.length]).join('')
    for (const bytes of [Buffer.from(text, 'latin1'), Buffer.from(text)]) {
      try {
        parseFamilies(bytes)
      } catch (error) {
        assert.equal((error as Error).name, 'FamilyTextError', `seed 20261123 round ${round}: ${String(error)}`)
      }
    }
  }
})
