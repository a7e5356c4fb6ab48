import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { difference } from './comparison.ts'
import type { Answer } from './comparison.ts'
import { Random } from './random.ts'
import { QueryGenerator } from './random-query.ts'
import type { RandomQuery } from './random-query.ts'
import { randomSeries } from './random-series.ts'
import { hasUpstream, startQuartet, startUpstream, UPSTREAM_BINARY, writeSeries } from './servers.ts'
import type { Server } from './servers.ts'

/**
 * The same data and the same random queries to a real Prometheus and to Quartet. `QUARTET_SEED=… QUARTET_QUERIES=5000` repeats a
 * run or makes it longer.
 */
const SEED = Number(process.env.QUARTET_SEED ?? 20261123)
const QUERY_COUNT = Number(process.env.QUARTET_QUERIES ?? 400)
const SHOWN_DIFFERENCES = 20

const skip = hasUpstream ? false : `no ${UPSTREAM_BINARY} here: nothing to compare with`
if (skip !== false) console.log(`differential test skipped: ${skip}`)

let upstream: Server
let quartet: Server
const random = new Random(SEED)

before(async () => {
  if (skip !== false) return
  ;[upstream, quartet] = await Promise.all([startUpstream(), startQuartet()])
  await writeSeries([upstream, quartet], randomSeries(random))
})

after(async () => {
  await Promise.all([upstream?.stop(), quartet?.stop()])
})

interface Case extends RandomQuery {
  readonly parameters: string
  readonly path: string
}

function randomCase(generator: QueryGenerator): Case {
  const query = generator.query()
  if (random.chance(0.5)) {
    const time = String(generator.timeMs() / 1000)
    return { ...query, path: 'query', parameters: String(new URLSearchParams({ query: query.text, time })) }
  }
  const startMs = generator.timeMs()
  const stepMs = random.pick([1, 7, 15, 60, 300]) * 1000
  const endMs = startMs + stepMs * random.integer(0, 40)
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) }
  return { ...query, path: 'query_range', parameters: String(new URLSearchParams({ query: query.text, ...range })) }
}

async function ask(server: Server, { path, parameters }: Case): Promise<Answer> {
  const response = await fetch(`${server.url}/api/v1/${path}?${parameters}`)
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text), text }
}

test('answers random queries as Prometheus does', { skip }, async (t) => {
  const generator = new QueryGenerator(random)
  const differences: string[] = []
  let failing = 0
  let empty = 0
  for (let count = 0; count < QUERY_COUNT; count++) {
    const query = randomCase(generator)
    const [expected, actual] = await Promise.all([ask(upstream, query), ask(quartet, query)])
    if (expected.status !== 200) failing++
    else if (JSON.stringify(expected.body).includes('"result":[]')) empty++
    const found = difference(expected, actual, {
      isRounded: query.isRounded,
      isDeviation: /\bstd(?:dev|var)\b/.test(query.text),
      isSorted: /^sort(?:_desc)?\(/.test(query.text),
      isOrdered: query.path === 'query' && !/\[\w+:\w*\]|histogram_quantile|count_values/.test(query.text),
    })
    if (found !== undefined) differences.push(`${query.text}\n    ${query.path}?${query.parameters}\n    ${found}`)
  }
  t.diagnostic(`seed ${SEED}: ${QUERY_COUNT} queries, ${failing} that fail, ${empty} that find nothing`)
  const shown = differences.slice(0, SHOWN_DIFFERENCES).join('\n')
  assert.equal(differences.length, 0, `seed ${SEED}: ${differences.length} of ${QUERY_COUNT} differ:\n${shown}`)
})

/**
 * Since 3.0 durations are numbers and can be calculated with, and names may be quoted: what is wrong with a query is then said in
 * another way. 2.42 knows no name of `@`. A parenthesis without a partner is noticed one token earlier here.
 */
function isOfOneVersion(query: string, errors: string): boolean {
  if (/,\s*\d+[smhdwy]/.test(query)) return true
  return /duration|u003cItem|inside braces|label matching|grouping opts|number|colon|right parenthesis|left parenthesis|"status":"success"/.test(
    errors,
  )
}

test('refuses what is no query as Prometheus does', { skip }, async (t) => {
  const generator = new QueryGenerator(random)
  const differences: string[] = []
  let refused = 0
  for (let count = 0; count < QUERY_COUNT / 2; count++) {
    const text = generator.brokenQuery()
    const query = {
      text,
      isRounded: false,
      path: 'query',
      parameters: String(new URLSearchParams({ query: text, time: '9' })),
    }
    const [expected, actual] = await Promise.all([ask(upstream, query), ask(quartet, query)])
    if (expected.status === 200 || isOfOneVersion(text, expected.text + actual.text)) continue
    refused++
    const options = { isRounded: false, isDeviation: false, isSorted: false, isOrdered: true }
    const found = difference(expected, actual, options)
    if (found !== undefined) differences.push(`${text}\n    ${found}`)
  }
  t.diagnostic(`seed ${SEED}: ${refused} broken queries`)
  const shown = differences.slice(0, SHOWN_DIFFERENCES).join('\n')
  assert.equal(differences.length, 0, `seed ${SEED}: ${differences.length} of ${refused} differ:\n${shown}`)
})
