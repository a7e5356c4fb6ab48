import { parseFamilies } from '@quartet/model'
import type { FamilyLabel, MetricFamily } from '@quartet/model'
import { FaultyFileSystem } from '@quartet/storage/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricStore } from './metric-store.ts'
import type { MetricStoreOptions } from './metric-store.ts'

const group = (job: string): FamilyLabel[] => [{ name: 'job', value: job }]
const families = (text: string): MetricFamily[] => [...parseFamilies(Buffer.from(text)).values()]

function open(fileSystem: FaultyFileSystem, more: Partial<MetricStoreOptions> = {}): Promise<MetricStore> {
  return MetricStore.open({
    fileSystem,
    directory: '/data/pushgateway',
    nowNs: () => 1_700_000_000_123_456_789n,
    every: () => ({ cancel() {} }),
    checkConsistency: true,
    ownType: () => undefined,
    onProblem: () => {},
    ...more,
  })
}

const dump = (store: MetricStore): unknown => [store.metricCount, store.groups]

test('is the same after opening it again, rewritten log or not', async () => {
  for (const compactBytes of [1 << 20, 300]) {
    const fileSystem = new FaultyFileSystem({ seed: 7 })
    const store = await open(fileSystem, { compactBytes })
    for (let round = 0; round < 40; round++) {
      const text = `# TYPE h histogram\nh_bucket{le="1"} ${round}\nh_sum 0.5\nh_count ${round}\n# HELP g G\n# TYPE g gauge\ng{a="é"} ${round}\n`
      await store.push({ labels: group(`j${round % 3}`), families: families(text), replace: round % 2 === 0 })
      if (round % 10 === 9) await store.delete(group('j1'))
    }
    await assert.rejects(store.push({ labels: group('bad'), families: families('x 1 5\n'), replace: true }), {
      name: 'InconsistentError',
    })
    const before = dump(store)
    await store.close()
    const again = await open(fileSystem)
    assert.deepEqual(dump(again), before)
    assert.ok(compactBytes > 300 || again.walBytes < 8000, `${again.walBytes} bytes`)
    await again.wipe()
    assert.deepEqual(dump(again), [0, []])
    await again.close()
  }
})

test('a push that the disk refuses changes nothing', async () => {
  const fileSystem = new FaultyFileSystem({ seed: 7 })
  const store = await open(fileSystem)
  await store.push({ labels: group('a'), families: families('x 1\n'), replace: true })
  const before = dump(store)
  fileSystem.fault = (operation) => (operation === 'append' ? 'ENOSPC' : undefined)
  await assert.rejects(store.push({ labels: group('a'), families: families('x 2\n'), replace: true }))
  fileSystem.fault = undefined
  assert.deepEqual(dump(store), before)
  await store.push({ labels: group('a'), families: families('x 3\n'), replace: true })
  await store.close()
})

test('refuses more metrics than it may hold', async () => {
  const store = await open(new FaultyFileSystem({ seed: 7 }), { maxMetrics: 5 })
  await store.push({ labels: group('a'), families: families('x 1\ny 1\n'), replace: true })
  await assert.rejects(store.push({ labels: group('b'), families: families('z 1\nw 1\n'), replace: true }), {
    message: '4 metrics are stored and 2 pushed, the limit is 5',
  })
  assert.equal(store.metricCount, 4)
  await store.close()
})

test('refuses names that would collide with the parts of a summary or histogram', async () => {
  const store = await open(new FaultyFileSystem({ seed: 7 }))
  await store.push({ labels: group('a'), families: families('# TYPE s summary\ns_sum 1\ns_count 1\n'), replace: true })
  await assert.rejects(store.push({ labels: group('b'), families: families('s_count 1\n'), replace: true }), {
    message: 'collected metric named "s_count" collides with previously collected summary named "s"',
  })
  await store.push({ labels: group('c'), families: families('h_bucket 1\n'), replace: true })
  await assert.rejects(
    store.push({ labels: group('b'), families: families('# TYPE h histogram\nh_sum 1\nh_count 1\n'), replace: true }),
    { message: 'collected histogram named "h" collides with previously collected metric named "h_bucket"' },
  )
  await store.close()
})
