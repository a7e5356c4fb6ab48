import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { OpenMetricsParser, parserFor, PrometheusTextParser } from '@quartet/scrape'
import type { ExpositionParser, ScrapeProtocol } from '@quartet/scrape'

import { bytesOf, CORPUS, facts, Tally } from './corpus.ts'
import known from './known-failures.json' with { type: 'json' }

type Input = string | { base64: string }

function parserOf(format: string, body: Uint8Array): ExpositionParser {
  return format === 'openmetrics' ? new OpenMetricsParser(body, { skipCreated: true }) : new PrometheusTextParser(body)
}

function drain(parser: ExpositionParser): string {
  try {
    while (parser.next() !== 'end') parser.labels()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

for (const [family, format] of [
  ['exposition/facts/openmetrics_errors.json', 'openmetrics'],
  ['exposition/facts/prometheus_text_errors.json', 'text'],
  ['exposition/facts/null_bytes.json', ''],
] as const) {
  test(`${family}: refused with upstream's message`, () => {
    const cases = facts<{ input: Input; error: string; src_line: number; format?: string }>(family)
    const tally = new Tally(family, known)
    for (const { input, error, src_line, format: own } of cases ?? []) {
      tally.check(`${family}#${src_line}`, () => {
        assert.equal(drain(parserOf(own ?? format, bytesOf(input))), error === 'EOF' ? '' : error)
      })
    }
    if (cases) tally.close()
  })
}

interface DocumentEvent {
  event: string
  metric?: string
  text?: string
  type?: string
  unit?: string
  raw?: string
  labels?: Record<string, string>
  value?: number | string
  t_ms?: number
  exemplars?: { Labels: Record<string, string>; Value: number; HasTs?: boolean; Ts?: number }[]
  created_t_ms?: number
}

test('exposition/facts/server_parse_documents.json: whole documents become the same entries', () => {
  const family = 'exposition/facts/server_parse_documents.json'
  const cases = facts<{ name: string; format: string; text: Input; events: DocumentEvent[] }>(family)
  const tally = new Tally(family, known)
  for (const { name, format, text, events } of cases ?? []) {
    const parser = parserOf(format, bytesOf(text))
    const found = [...entries(parser)]
    for (const [index, expected] of events.entries()) {
      tally.check(`${family}#${name}[${index}]`, () => assert.deepEqual(found[index], normalized(expected)))
    }
    tally.check(`${family}#${name}.length`, () => assert.equal(found.length, events.length))
  }
  if (cases) tally.close()
})

function normalized(expected: DocumentEvent): DocumentEvent {
  const { created_t_ms: _created, ...rest } = expected
  return rest
}

function* entries(parser: ExpositionParser): Generator<DocumentEvent> {
  for (let kind = parser.next(); kind !== 'end'; kind = parser.next()) {
    if (kind === 'series') yield seriesEvent(parser)
    else if (kind === 'comment') yield { event: 'comment', text: parser.text }
    else yield { event: kind, metric: parser.family, [kind === 'help' ? 'text' : kind]: parser.text }
  }
}

function seriesEvent(parser: ExpositionParser): DocumentEvent {
  const event: DocumentEvent = {
    event: 'series',
    raw: Buffer.from(parser.bytes.subarray(parser.seriesStart, parser.seriesEnd)).toString(),
    labels: Object.fromEntries(parser.labels()),
    value: Number.isFinite(parser.value) ? parser.value : goFloat(parser.value),
  }
  if (parser.timeMs !== undefined) event.t_ms = parser.timeMs
  const exemplar = parser.exemplar()
  if (exemplar) {
    const { labels, value, timeMs } = exemplar
    const time = timeMs === undefined ? {} : { HasTs: true, Ts: timeMs }
    event.exemplars = [{ Labels: Object.fromEntries(labels), Value: value, ...time }]
  }
  return event
}

function goFloat(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

test('exposition/facts/parser_selection.json: Content-Type and fallback choose the parser', () => {
  const family = 'exposition/facts/parser_selection.json'
  const cases = facts<{ name: string; content_type: string; fallback: string; error: string | null; src_line: number }>(
    family,
  )
  const tally = new Tally(family, known)
  for (const { content_type, fallback, error, src_line } of cases ?? []) {
    tally.check(`${family}#${src_line}`, () => assert.ok(selection(content_type, fallback).includes(error ?? '')))
  }
  if (cases) tally.close()
})

function selection(contentType: string, fallback: string): string {
  const protocol = fallback === '' ? undefined : (fallback.replace(/(\d)_(\d)_(\d)/, '$1.$2.$3') as ScrapeProtocol)
  try {
    return parserFor(new Uint8Array(0), contentType, protocol).warning ?? ''
  } catch (error) {
    return (error as Error).message
  }
}

test('exposition: large upstream pages parse without an error', () => {
  const tally = new Tally('exposition/files', known)
  const root = CORPUS + 'exposition/prometheus__prometheus/model/textparse/testdata/'
  for (const file of ['alltypes.237mfs.prom.txt', 'alltypes.237mfs.nometa.prom.txt', '1histogram.om.txt']) {
    const body = readIfThere(root + file)
    if (!body) continue
    const format = file.includes('.om.') ? 'openmetrics' : 'text'
    tally.check(`exposition/files#${file}`, () => assert.equal(drain(parserOf(format, body)), ''))
  }
  tally.close()
})

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
