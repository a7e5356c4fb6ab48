import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusal, Timeline } from '../support/timeline.ts'

const BASE = `
route:
  receiver: oncall
  group_by: [alertname]
  group_wait: 10s
  group_interval: 60s
  repeat_interval: 10m
receivers:
  - name: oncall
    recorder_configs: [{}]
`

test('waits for the group, tells of changes after the interval and repeats', async () => {
  const am = await Timeline.start(BASE)
  am.alert({ alertname: 'a', instance: '1' }, 3600)
  await am.seconds(5)
  am.alert({ alertname: 'a', instance: '2' }, 3600)
  await am.seconds(4)
  assert.deepEqual(am.take(), [])
  await am.seconds(1)
  assert.deepEqual(am.take(), ['10s oncall firing a,a'])
  am.alert({ alertname: 'a', instance: '3' }, 3600)
  await am.seconds(59)
  assert.deepEqual(am.take(), [])
  await am.seconds(1)
  assert.deepEqual(am.take(), ['70s oncall firing a,a,a'])
  // Ten minutes must have passed since 70 s at a flush of the group.
  await am.seconds(660)
  assert.deepEqual(am.take(), ['730s oncall firing a,a,a'])
  await am.stop()
})

test('tells once that everything is resolved, and forgets the group', async () => {
  const am = await Timeline.start(BASE)
  am.alert({ alertname: 'a' })
  await am.seconds(10)
  am.resolve({ alertname: 'a' })
  await am.seconds(600)
  assert.deepEqual(am.take(), ['10s oncall firing a', '70s oncall resolved a'])
  assert.equal(am.engine.dispatcher.groupCount, 0)
  await am.stop()
})

test('an alert that is not sent again ends by itself', async () => {
  const am = await Timeline.start(BASE)
  am.alert({ alertname: 'a' }, 100)
  await am.seconds(300)
  assert.deepEqual(am.take(), ['10s oncall firing a', '130s oncall resolved a'])
  await am.stop()
})

test('an alert that came and went within the wait is not told of', async () => {
  const am = await Timeline.start(BASE)
  am.alert({ alertname: 'a' }, 5)
  await am.seconds(600)
  assert.deepEqual(am.take(), [])
  await am.stop()
})

test('a receiver without send_resolved hears only of what fires', async () => {
  const am = await Timeline.start(BASE.replace('[{}]', '[{send_resolved: false}]'))
  am.alert({ alertname: 'a', instance: '1' }, 3600)
  am.alert({ alertname: 'a', instance: '2' }, 3600)
  await am.seconds(10)
  am.resolve({ alertname: 'a', instance: '1' })
  am.resolve({ alertname: 'a', instance: '2' })
  await am.seconds(120)
  am.alert({ alertname: 'a', instance: '2' }, 3600)
  await am.seconds(60)
  assert.deepEqual(am.take(), ['10s oncall firing a,a', '130s oncall firing a'])
  await am.stop()
})

test('continue reaches several receivers, each with its own times', async () => {
  const am = await Timeline.start(`
route:
  receiver: oncall
  group_wait: 10s
  routes:
    - matchers: [team="db"]
      receiver: db
      group_wait: 20s
      continue: true
    - matchers: ['{severity=~"page|critical"}']
      receiver: pager
      group_wait: 0s
receivers:
  - {name: oncall, recorder_configs: [{}]}
  - {name: db, recorder_configs: [{}]}
  - {name: pager, recorder_configs: [{}]}
`)
  am.alert({ alertname: 'a', team: 'db', severity: 'page' })
  am.alert({ alertname: 'b' })
  await am.seconds(30)
  assert.deepEqual(am.take(), ['0s pager firing a', '10s oncall firing b', '20s db firing a'])
  await am.stop()
})

test('an inhibited alert is told of once its source has ended', async () => {
  const am = await Timeline.start(`${BASE}
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [cluster]
`)
  am.alert({ alertname: 'down', severity: 'critical', cluster: 'x' }, 100)
  am.alert({ alertname: 'slow', severity: 'warning', cluster: 'x' }, 3600)
  am.alert({ alertname: 'slow', severity: 'warning', cluster: 'y', instance: '2' }, 3600)
  await am.seconds(60)
  assert.deepEqual(am.take(), ['10s oncall firing down', '10s oncall firing slow'])
  await am.seconds(80)
  assert.deepEqual(am.take(), ['130s oncall resolved down', '130s oncall firing slow,slow'])
  await am.stop()
})

test('a silence keeps quiet until it is expired', async () => {
  const am = await Timeline.start(BASE)
  const id = await am.silences.set({
    id: '',
    matchers: [{ name: 'alertname', type: '=~', value: 'a|b' }],
    startsAtMs: undefined,
    endsAtMs: am.clock.nowMs() + 3_600_000,
    createdBy: 'me',
    comment: 'maintenance',
  })
  am.alert({ alertname: 'a' }, 7200)
  am.alert({ alertname: 'c' }, 7200)
  await am.seconds(100)
  assert.deepEqual(am.take(), ['10s oncall firing c'])
  await am.silences.expire(id)
  await am.seconds(60)
  assert.deepEqual(am.take(), ['130s oncall firing a'])
  await am.stop()
})

test('mute and active time intervals decide at each flush', async () => {
  // The clock starts at midnight UTC.
  const am = await Timeline.start(`
route:
  receiver: oncall
  group_wait: 10s
  group_interval: 60s
  routes:
    - matchers: [kind="mute"]
      mute_time_intervals: [early]
    - matchers: [kind="active"]
      active_time_intervals: [early]
      group_wait: 20s
receivers:
  - {name: oncall, recorder_configs: [{}]}
time_intervals:
  - name: early
    time_intervals: [{times: [{start_time: '00:00', end_time: '00:02'}]}]
`)
  am.alert({ alertname: 'm', kind: 'mute' }, 3600)
  am.alert({ alertname: 'a', kind: 'active' }, 3600)
  await am.seconds(200)
  assert.deepEqual(am.take(), ['20s oncall firing a', '130s oncall firing m'])
  await am.stop()
})

test('a receiver that is down is tried again with growing pauses, and never blocks another', async () => {
  const am = await Timeline.start(`
route:
  receiver: both
  group_wait: 10s
  group_interval: 60s
receivers:
  - {name: both, recorder_configs: [{}, {}]}
`)
  am.answers.push(refusal(true), undefined, refusal(true), refusal(true), undefined)
  am.alert({ alertname: 'a' }, 3600)
  await am.seconds(12)
  assert.deepEqual(am.take(), ['10s both refuses a', '10s both firing a', '11s both refuses a', '11s both refuses a'])
  await am.seconds(10)
  assert.deepEqual(am.take(), ['12s both firing a'])
  await am.seconds(300)
  assert.deepEqual(am.take(), [])
  await am.stop()
})

test('a refusal for good is not repeated before the next flush', async () => {
  const am = await Timeline.start(BASE)
  am.answers.push(refusal(false))
  am.alert({ alertname: 'a' }, 3600)
  await am.seconds(69)
  assert.deepEqual(am.take(), ['10s oncall refuses a'])
  await am.seconds(1)
  assert.deepEqual(am.take(), ['70s oncall firing a'])
  await am.stop()
})

test('a restart neither forgets silences nor tells twice, and tells what was missed', async () => {
  const am = await Timeline.start(BASE)
  await am.silences.set({
    id: '',
    matchers: [{ name: 'alertname', type: '=', value: 'quiet' }],
    startsAtMs: undefined,
    endsAtMs: am.clock.nowMs() + 3_600_000,
    createdBy: 'me',
    comment: '',
  })
  am.alert({ alertname: 'a' }, 3600)
  am.alert({ alertname: 'quiet' }, 3600)
  am.alert({ alertname: 'gone' }, 3600)
  await am.seconds(30)
  assert.deepEqual(am.take(), ['10s oncall firing a', '10s oncall firing gone'])
  am.kill()
  await am.boot()
  // Prometheus sends what fires and, for a while, what has ended.
  am.alert({ alertname: 'a' }, 3600)
  am.alert({ alertname: 'quiet' }, 3600)
  am.resolve({ alertname: 'gone' })
  am.alert({ alertname: 'new' }, 3600)
  await am.seconds(60)
  assert.deepEqual(am.take(), ['40s oncall resolved gone', '40s oncall firing new'])
  await am.stop()
})

test('a reload takes over what is known without telling it again', async () => {
  const am = await Timeline.start(BASE)
  am.alert({ alertname: 'a' }, 3600)
  await am.seconds(20)
  assert.deepEqual(am.take(), ['10s oncall firing a'])
  await am.reload(BASE.replaceAll('oncall', 'other'))
  await am.seconds(30)
  assert.deepEqual(am.take(), ['20s other firing a'])
  await am.reload(BASE)
  await am.seconds(120)
  assert.deepEqual(am.take(), [])
  await am.stop()
})

test('stopping leaves no timer behind', async () => {
  const am = await Timeline.start(BASE)
  am.alert({ alertname: 'a' })
  await am.seconds(15)
  await am.stop()
  assert.equal(am.clock.pendingCount, 0)
})
