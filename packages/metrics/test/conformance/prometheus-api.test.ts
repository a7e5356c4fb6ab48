import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HttpServer } from '@quartet/runtime'
import { parseTime, TimeError } from '@quartet/query'
import { formatTimestamp, JsonBytes } from '../../src/api/json-bytes.ts'
import { Parameters } from '../../src/api/parameters.ts'
import { ApiError } from '../../src/api/errors.ts'
import { startApi } from '../support/api-server.ts'
import { MemorySource } from '../support/memory-source.ts'
import { parseSeriesLine } from '../support/series-notation.ts'

/** Upstream's own requests over its own data set, through HTTP. */
const FACTS = resolve(import.meta.dirname, '../../../../../shared/conformance/prometheus-api/facts')
const isAbsent = !existsSync(FACTS)
if (isAbsent) console.log('prometheus-api: skipped, ../shared/conformance is not there')

interface Case {
  readonly src_line: number
  readonly endpoint: string
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, readonly string[]>>
  readonly error_type: string | null
  readonly warnings: number
  readonly data?: unknown
  readonly data_json?: string
  readonly response_len?: number
}

/** They need targets, rules, exemplars or metadata that upstream's test injects. */
const NEEDS_FIXTURES = /\/(?:rules|alerts|metadata|targets\/metadata|query_exemplars|status\/flags)$/

function load(name: string): { describes: string; cases: readonly Record<string, unknown>[] } {
  return JSON.parse(readFileSync(resolve(FACTS, name), 'utf8'))
}

let server: HttpServer
let url = ''

before(async () => {
  if (isAbsent) return
  const source = new MemorySource()
  for (const line of load('endpoints.json').describes.split('\n').slice(1)) {
    const { labels, values } = parseSeriesLine(line.trim())
    source.add(
      labels,
      values.map((value, index) => ({ timeMs: index * 60_000, value: Number(value) })),
    )
  }
  ;({ server, url } = await startApi(source))
})

after(async () => {
  await server?.close()
})

test('endpoints.json', { skip: isAbsent }, async () => {
  const problems: string[] = []
  let passed = 0
  let skipped = 0
  for (const one of load('endpoints.json').cases as unknown as readonly Case[]) {
    if (NEEDS_FIXTURES.test(one.endpoint)) {
      skipped++
      continue
    }
    const problem = await request(one)
    if (problem === undefined) passed++
    else problems.push(`${one.src_line} ${problem}`)
  }
  console.log(`prometheus-api endpoints.json: ${passed} passed, ${problems.length} failed, ${skipped} skipped`)
  assert.deepEqual(problems, [])
})

async function request(one: Case): Promise<string | undefined> {
  const [method, pattern] = one.endpoint.split(' ')
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(one.params[name]))
  const query = new URLSearchParams(
    Object.entries(one.query).flatMap(([name, all]) => all.map((text): [string, string] => [name, text])),
  )
  const response = await fetch(`${url}${path}?${query}`, { method })
  const body = (await response.json()) as { data: unknown; errorType?: string; warnings?: string[] }
  if ((body.errorType ?? null) !== one.error_type) return `error type ${body.errorType}`
  if (one.error_type !== null) return response.status === 400 ? undefined : `status ${response.status}`
  if ((body.warnings?.length ?? 0) !== one.warnings) return `warnings ${body.warnings}`
  if (one.response_len !== undefined) {
    const { length } = body.data as unknown[]
    return length === one.response_len ? undefined : `length ${length}`
  }
  const wanted = one.data_json === undefined ? wire(one.data) : JSON.parse(one.data_json)
  return isEqual(body.data, wanted) ? undefined : `got ${JSON.stringify(body.data)}, expected ${JSON.stringify(wanted)}`
}

function isEqual(got: unknown, wanted: unknown): boolean {
  try {
    assert.deepEqual(got, wanted)
    return true
  } catch {
    return false
  }
}

/** From the facts' plain form (t_ms, v) to what is sent. */
function wire(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('resultType' in data)) return data
  const value = data as { resultType: string; t_ms?: number; v?: number; result?: unknown }
  if (value.resultType === 'scalar') return { resultType: 'scalar', result: point(value.t_ms ?? 0, value.v ?? 0) }
  const series = (value.result ?? []) as { metric: Record<string, string>; points: [number, number][] }[]
  return {
    resultType: value.resultType,
    result: series.map(({ metric, points }) => ({ metric, values: points.map(([t, v]) => point(t, v)) })),
  }
}

function point(timeMs: number, value: number): [number, string] {
  return [timeMs / 1000, String(value)]
}

test('time_params.json and duration_params.json', { skip: isAbsent }, () => {
  for (const { input, invalid, time } of load('time_params.json').cases) {
    const text = String(input)
    if (invalid === true) assert.throws(() => parseTime(text), TimeError, text)
    else {
      const { unix, unix_nano: nano } = time as { unix?: number; unix_nano?: string }
      assert.equal(parseTime(text), unix === undefined ? Number(BigInt(nano ?? '0') / 1_000_000n) : unix * 1000, text)
    }
  }
  for (const { input, invalid } of load('duration_params.json').cases) {
    const parse = (): number => new Parameters(new URLSearchParams({ step: String(input) })).requiredDuration('step')
    if (invalid === true) assert.throws(parse, ApiError, String(input))
    else assert.ok(parse() > 0, String(input))
  }
})

test('json_encoding.json', { skip: isAbsent }, () => {
  let passed = 0
  let skipped = 0
  for (const { value, expected_json: wanted } of load('json_encoding.json').cases) {
    const { T: time, F: float } = value as { T?: number | string; F?: number | string }
    if (time === undefined || float === undefined || Number(time) > Number.MAX_SAFE_INTEGER) {
      skipped++
      continue
    }
    const number = float === '+Inf' ? Infinity : float === '-Inf' ? -Infinity : Number(float)
    const json = new JsonBytes()
    json
      .ascii('{"status":"success","data":[')
      .ascii(formatTimestamp(Number(time)))
      .ascii(',')
      .sampleValue(number)
    assert.equal(json.ascii(']}').finish().toString(), wanted)
    passed++
  }
  console.log(`prometheus-api json_encoding.json: ${passed} passed, 0 failed, ${skipped} skipped`)
})
