import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemorySource } from '../../test/support/memory-source.ts'
import { UPSTREAM_TEST_ENGINE } from '../../test/support/promqltest.ts'
import { QueryEngine } from './engine.ts'
import type { EngineOptions } from './engine.ts'
import { QueryGate } from './query-gate.ts'

function engineOver(options: Partial<EngineOptions> = {}): QueryEngine {
  const source = new MemorySource()
  for (let series = 0; series < 50; series++) {
    source.add(
      [
        ['__name__', 'm'],
        ['i', String(series)],
      ],
      Array.from({ length: 100 }, (_, index) => ({ timeMs: index * 15_000, value: index })),
    )
  }
  return new QueryEngine(source, { ...UPSTREAM_TEST_ENGINE, ...options })
}

const HOUR = { startMs: 0, endMs: 1_485_000, stepMs: 15_000 }
const { signal } = new AbortController()

test('refuses a query that would hold too many samples', async () => {
  const engine = engineOver({ maxSamples: 1000 })
  await assert.rejects(engine.range(engine.parse('m'), HOUR, { signal }), {
    message: 'query processing would load too many samples into memory in query execution',
  })
  // An aggregation streams: it holds one series at a time.
  const { value } = await engine.range(engine.parse('sum(m)'), HOUR, { signal })
  assert.equal(value.kind === 'matrix' && value.series[0].values[10], 500)
})

test('gives other work a turn about every 10 ms, and ends at its deadline', async () => {
  let nowMs = 0
  const engine = engineOver({ nowMs: () => (nowMs += 3), timeoutMs: 100_000 })
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await engine.range(engine.parse('sum(m)'), HOUR, { signal })
  isDone = true
  assert.ok(turns >= 10, `${turns} turns`)
  await assert.rejects(engine.range(engine.parse('sum(m)'), HOUR, { signal, timeoutMs: 30 }), {
    message: 'query timed out in query execution',
  })
})

test('dies with its client', async () => {
  const engine = engineOver()
  const controller = new AbortController()
  controller.abort()
  await assert.rejects(engine.range(engine.parse('m'), HOUR, { signal: controller.signal }), {
    message: 'query was canceled in query execution',
  })
})

test('a real NaN is a value, a gap is none', async () => {
  const source = new MemorySource()
  source.add(
    [['__name__', 'm']],
    [
      { timeMs: 0, value: NaN },
      { timeMs: 60_000, value: 'stale' },
      { timeMs: 120_000, value: 0 },
    ],
  )
  const engine = new QueryEngine(source, UPSTREAM_TEST_ENGINE)
  const { value } = await engine.range(
    engine.parse('m / 0'),
    { startMs: 0, endMs: 120_000, stepMs: 60_000 },
    { signal },
  )
  assert.ok(value.kind === 'matrix')
  assert.deepEqual([...value.series[0].present], [1, 0, 1])
  assert.ok(Number.isNaN(value.series[0].values[0]) && Number.isNaN(value.series[0].values[2]))
})

test('lets only so many queries run, the others in order', async () => {
  const gate = new QueryGate(2)
  const order: number[] = []
  const release: (() => void)[] = []
  const work = [0, 1, 2, 3].map((id) =>
    gate.run(signal, () => {
      order.push(id)
      return new Promise<void>((resolve) => release.push(resolve))
    }),
  )
  assert.deepEqual([gate.running, gate.waiting], [2, 2])
  release[0]()
  await work[0]
  assert.deepEqual(order, [0, 1, 2])
  const controller = new AbortController()
  const abandoned = gate.run(controller.signal, async () => order.push(9))
  controller.abort()
  await assert.rejects(abandoned, { message: 'query was canceled in query queue' })
  for (let index = 1; index < 4; index++) {
    release[index]()
    await work[index]
  }
  assert.deepEqual([gate.running, gate.waiting, order.length], [0, 0, 4])
})
