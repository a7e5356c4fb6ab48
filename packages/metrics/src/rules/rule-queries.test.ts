import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord } from '@quartet/model'
import { seededRandom } from '@quartet/storage/testing'
import { MemorySource } from '../../test/support/memory-source.ts'
import { RandomHistograms } from '../../test/support/random-histograms.ts'
import { UPSTREAM_TEST_ENGINE } from '../../test/support/promqltest.ts'
import { QueryEngine } from '../query/engine.ts'
import { QueryGate } from '../query/query-gate.ts'
import { forStateReader } from './for-state-reader.ts'
import { ruleQueries } from './rule-queries.ts'

const signal = new AbortController().signal

function create(gate = new QueryGate(1)): { source: MemorySource; evaluate: ReturnType<typeof ruleQueries> } {
  const source = new MemorySource()
  const engine = new QueryEngine(source, { ...UPSTREAM_TEST_ENGINE, maxSamples: 10, nowMs: () => 0 })
  const evaluate = ruleQueries({ engine: () => engine, gate, observe: () => undefined, monotonicMs: () => 0 })
  return { source, evaluate }
}

test('vectors and scalars are results, other types are not', async () => {
  const { source, evaluate } = create()
  source.add(labelsFromRecord({ __name__: 'up', job: 'a' }), [{ timeMs: 1000, value: 3 }])
  assert.deepEqual(await evaluate('up * 2', 1000, signal), [{ labels: [['job', 'a']], value: 6 }])
  assert.deepEqual(await evaluate('1 + 1', 1000, signal), [{ labels: [], value: 2 }])
  await assert.rejects(evaluate('"x"', 1000, signal), /rule result is not a vector or scalar/)
  await assert.rejects(evaluate('up[5m]', 1000, signal), /rule result is not a vector or scalar/)
  await assert.rejects(evaluate('up +', 1000, signal), /1:5: parse error: unexpected end of input/)
})

test('native histograms are results', async () => {
  const { source, evaluate } = create()
  const histogram = new RandomHistograms(seededRandom(4)).next()
  source.add(labelsFromRecord({ __name__: 'h' }), [{ timeMs: 1000, value: histogram }])
  const [found] = await evaluate('h', 1000, signal)
  assert.equal(found.histogram?.count, histogram.count)
})

test('a rule has the limits of a query', async () => {
  const { source, evaluate } = create()
  for (let job = 0; job < 20; job++) {
    source.add(labelsFromRecord({ __name__: 'up', job: String(job) }), [{ timeMs: 1000, value: 1 }])
  }
  await assert.rejects(
    evaluate('up', 1000, signal),
    /query processing would load too many samples into memory in query execution/,
  )
})

test('a rule that waits for its turn leaves when its group is stopped', async () => {
  const gate = new QueryGate(1)
  let release = (): void => {}
  const busy = gate.run(signal, () => new Promise<void>((resolve) => (release = resolve)))
  const abort = new AbortController()
  const waiting = create(gate).evaluate('1', 0, abort.signal)
  abort.abort()
  await assert.rejects(waiting, /query was canceled in query queue/)
  release()
  await busy
})

test('reads the newest state of an alert, NaN where it has ended', async () => {
  const source = new MemorySource()
  const labels = (instance: string) => labelsFromRecord({ __name__: 'ALERTS_FOR_STATE', alertname: 'A', instance })
  source.add(labels('a'), [
    { timeMs: 1000, value: 5 },
    { timeMs: 2000, value: 7 },
  ])
  source.add(labels('b'), [
    { timeMs: 1000, value: 5 },
    { timeMs: 2000, value: 'stale' },
  ])
  source.add(labelsFromRecord({ __name__: 'ALERTS_FOR_STATE', alertname: 'B' }), [{ timeMs: 2000, value: 1 }])
  const found = await forStateReader(source)({ alertName: 'A', minMs: 0, maxMs: 5000, signal })
  assert.deepEqual(
    found.map(({ timeMs, value }) => [timeMs, value]),
    [
      [2000, 7],
      [2000, NaN],
    ],
  )
})
