import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Timeline } from '../support/timeline.ts'

const RECORD = `
groups:
- name: g
  labels: {team: a, zone: x}
  rules:
  - record: job:up
    expr: up
    labels: {zone: y}
  - record: copy
    expr: job
`

test('records results in order, with the labels of group and rule, and ends series that vanish', async () => {
  const line = new Timeline()
  await line.load(RECORD)
  line.set('up', [{ __name__: 'up', job: 'a' }, 1], [{ job: 'b' }, 0])
  line.set('job', [{}, 7])
  await line.until(1)
  assert.deepEqual(line.queries, [
    { expr: 'up', atSeconds: 0 },
    { expr: 'job', atSeconds: 0 },
  ])
  line.set('up', [{ job: 'a' }, 1])
  await line.until(61)
  assert.deepEqual(line.written, [
    '0 job:up{job="a",team="a",zone="y"} 1',
    '0 job:up{job="b",team="a",zone="y"} 0',
    '0 copy{team="a",zone="x"} 7',
    '60 job:up{job="a",team="a",zone="y"} 1',
    '60 job:up{job="b",team="a",zone="y"} stale',
    '60 copy{team="a",zone="x"} 7',
  ])
  await line.manager.stop()
})

test('an error keeps the series of before, shows on the rule and spares the others', async () => {
  const line = new Timeline()
  await line.load(RECORD)
  line.set('up', [{ job: 'a' }, 1])
  line.set('job', [{}, 7])
  await line.until(1)
  line.vectors.set('up', new Error('query timed out in query execution'))
  await line.until(61)
  const [first, second] = line.manager.groups[0].rules
  assert.deepEqual([first.health, first.lastError?.message], ['err', 'query timed out in query execution'])
  assert.equal(second.health, 'ok')
  assert.deepEqual(line.written.slice(2), ['60 copy{team="a",zone="x"} 7'])
  const text = (await line.metrics.render()).text
  assert.match(text, /prometheus_rule_evaluation_failures_total\{rule_group="\/rules\/test.yml;g"\} 1/)
  assert.match(text, /prometheus_rule_evaluations_total\{rule_group="\/rules\/test.yml;g"\} 4/)
  assert.match(text, /prometheus_rule_group_rules\{rule_group="\/rules\/test.yml;g"\} 2/)
  await line.manager.stop()
})

test('limit, equal label sets and query_offset', async () => {
  const line = new Timeline()
  await line.load(`
groups:
- name: g
  limit: 1
  query_offset: 20s
  rules:
  - record: r
    expr: up
    labels: {job: ''}
  - alert: A
    expr: up
`)
  line.set('up', [{ job: 'a' }, 1], [{ job: 'b' }, 1])
  await line.until(1)
  assert.deepEqual(line.queries[0], { expr: 'up', atSeconds: -20 })
  assert.deepEqual(
    line.manager.groups[0].rules.map((rule) => rule.lastError?.message),
    [
      'vector contains metrics with the same labelset after applying rule labels',
      'exceeded limit of 1 with 2 alerts',
    ],
  )
  assert.deepEqual(line.manager.activeAlerts, [])
  line.set('up', [{ job: 'a' }, 1])
  await line.until(61)
  assert.deepEqual(line.written, ['40 r{} 1'])
  await line.manager.stop()
})

test('slots that pass while a group is busy are left out and counted', async () => {
  let release = (): void => {}
  const line = new Timeline({
    evaluate: () =>
      new Promise((resolve) => {
        release = () => resolve([{ labels: [], value: 1 }])
      }),
  })
  await line.load('groups: [{name: g, rules: [{record: r, expr: x}]}]')
  await line.until(1)
  await line.until(150)
  release()
  await line.until(151)
  // The tick of second 60 was waiting and takes the slot of second 120; the one of 60 is missed.
  release()
  await line.until(181)
  release()
  await line.until(182)
  assert.deepEqual(line.written, ['0 r{} 1', '120 r{} 1', '180 r{} 1'])
  const { text } = await line.metrics.render()
  assert.match(text, /iterations_missed_total\{rule_group="\/rules\/test.yml;g"\} 1/)
  assert.match(text, /group_iterations_total\{rule_group="\/rules\/test.yml;g"\} 4/)
  release()
  await line.manager.stop()
})

test('an unchanged group goes on, a changed one keeps the state of rules that it still has, a removed one ends its series', async () => {
  const line = new Timeline()
  const group = (expr: string, extra = ''): string =>
    `groups: [{name: g, rules: [{alert: A, expr: down, for: 5m}, {record: r, expr: ${expr}}${extra}]}]`
  await line.load(group('up'))
  line.set('down', [{}, 1])
  line.set('up', [{}, 1])
  line.set('other', [{}, 2])
  await line.until(121)
  const before = line.manager.groups[0]
  await line.load(group('up'))
  assert.equal(line.manager.groups[0], before)
  await line.load(group('other', ', {record: new, expr: up}'))
  assert.notEqual(line.manager.groups[0], before)
  assert.equal(line.seconds(line.manager.activeAlerts[0].activeAtMs), 0)
  await line.until(181)
  assert.ok(line.written.includes('180 r{} 2'))
  await line.load(group('other'))
  await line.until(241)
  assert.ok(line.written.includes('240 new{} stale'))
  await line.load('groups: []')
  assert.deepEqual(line.manager.groups, [])
  const count = line.written.length
  await line.until(300)
  assert.equal(line.written.length, count)
  await line.until(370)
  assert.ok(line.written.slice(count).includes('241 r{} stale'), line.written.slice(count).join('\n'))
  assert.doesNotMatch((await line.metrics.render()).text, /rule_group="\/rules\/test.yml;g"/)
  await line.manager.stop()
  assert.equal(line.clock.pendingCount, 0)
})

test('a clock that is set back by hours does not hold a group up for hours', async () => {
  const real = new Timeline()
  let shiftMs = 0
  const { clock } = real
  const line = new Timeline({
    clock: {
      nowMs: () => clock.nowMs() + shiftMs,
      nowNs: () => clock.nowNs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, action) => clock.after(delayMs, action),
      every: (intervalMs, action) => clock.every(intervalMs, action),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    },
  })
  await line.load('groups: [{name: g, rules: [{record: r, expr: x}]}]')
  line.set('x', [{}, 1])
  await clock.advance(60_002)
  assert.equal(line.written.length, 2)
  shiftMs = -7_200_000
  await clock.advance(180_000)
  assert.deepEqual(line.written.slice(2), ['120 r{} 1', '-7020 r{} 1', '-6960 r{} 1'])
  await line.manager.stop()
})

test('a large result is written in slices, all of it', async () => {
  const line = new Timeline()
  await line.load('groups: [{name: g, rules: [{record: r, expr: x}]}]')
  const all = Array.from({ length: 5000 }, (_, id): [Record<string, string>, number] => [{ id: String(id) }, id])
  line.set('x', ...all)
  await line.until(1)
  await line.manager.stop()
  assert.deepEqual(
    line.sink.written.map(({ value }) => value),
    all.map(([, value]) => value),
  )
  assert.equal(line.manager.groups[0].rules[0].health, 'ok')
})
