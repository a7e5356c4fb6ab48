import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Timeline } from '../support/timeline.ts'

const DOWN = `
groups:
- name: g
  rules:
  - alert: Down
    expr: down
    for: 2m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.instance }} is down ({{ $value }}) at {{ $externalURL }}'}
`

test('an alert is pending, fires, is told every minute, is resolved and told so for 15 minutes', async () => {
  const line = new Timeline()
  // A first start restores what there was, which is nothing; series are written from the third slot on.
  await line.load(DOWN)
  line.set('down', [{ __name__: 'up', instance: 'a' }, 0])
  const rule = () => line.manager.groups[0].rules[0]
  assert.deepEqual(line.manager.groups[0].lastEvaluationMs, undefined)
  await line.until(60)
  assert.deepEqual(
    line.manager.activeAlerts.map(({ state, value }) => [state, value]),
    [['pending', 0]],
  )
  assert.equal(line.sent.length, 0)
  await line.until(121)
  assert.equal(rule().health, 'ok')
  assert.deepEqual(line.written, [
    '120 ALERTS{alertname="Down",alertstate="firing",instance="a",severity="page"} 1',
    `120 ALERTS_FOR_STATE{alertname="Down",instance="a",severity="page"} ${Math.floor(line.startMs / 1000)}`,
  ])
  assert.deepEqual(line.notifications, ['120 {alertname="Down",instance="a",severity="page"} 120..360'])
  assert.deepEqual(line.sent[0].notification.annotations, [['summary', 'a is down (0) at http://here:9090']])
  assert.equal(line.sent[0].notification.generatorUrl, 'http://here:9090/graph?g0.expr=down&g0.tab=1')
  await line.until(241)
  // The resend delay of a minute has to be exceeded, as upstream has it.
  assert.deepEqual(line.notifications.slice(1), ['240 {alertname="Down",instance="a",severity="page"} 120..480'])
  line.set('down')
  line.sent.length = 0
  await line.until(301)
  assert.deepEqual(line.manager.activeAlerts, [])
  assert.deepEqual(line.notifications, ['300 {alertname="Down",instance="a",severity="page"} 120..300'])
  assert.deepEqual(line.written.slice(-2), [
    '300 ALERTS{alertname="Down",alertstate="firing",instance="a",severity="page"} stale',
    '300 ALERTS_FOR_STATE{alertname="Down",instance="a",severity="page"} stale',
  ])
  await line.until(300 + 15 * 60 + 1)
  assert.ok(line.sent.length >= 7)
  line.sent.length = 0
  await line.until(3600)
  assert.equal(line.sent.length, 0)
  await line.manager.stop()
  assert.equal(line.clock.pendingCount, 0)
})

test('a pending series becomes a firing one: the old state ends with a stale marker', async () => {
  const line = new Timeline({ forGracePeriodMs: 0 })
  await line.load(DOWN.replace('2m', '4m'))
  line.set('down', [{ instance: 'a' }, 1])
  await line.until(241)
  const states = line.written.filter((text) => text.includes('alertstate'))
  assert.deepEqual(states, [
    '120 ALERTS{alertname="Down",alertstate="pending",instance="a",severity="page"} 1',
    '180 ALERTS{alertname="Down",alertstate="pending",instance="a",severity="page"} 1',
    '240 ALERTS{alertname="Down",alertstate="firing",instance="a",severity="page"} 1',
    '240 ALERTS{alertname="Down",alertstate="pending",instance="a",severity="page"} stale',
  ])
  await line.manager.stop()
})

test('a pending alert that goes away is forgotten and never told', async () => {
  const line = new Timeline()
  await line.load(DOWN)
  line.set('down', [{ instance: 'a' }, 1])
  await line.until(61)
  line.set('down')
  await line.until(3600)
  assert.equal(line.sent.length, 0)
  assert.deepEqual(line.manager.activeAlerts, [])
  await line.manager.stop()
})

test('keep_firing_for keeps an alert that flaps', async () => {
  const line = new Timeline()
  await line.load(DOWN.replace('for: 2m', 'keep_firing_for: 3m'))
  line.set('down', [{ instance: 'a' }, 1])
  await line.until(1)
  line.set('down')
  const states: string[] = []
  for (const seconds of [60, 120, 180, 240, 300]) {
    await line.until(seconds + 1)
    const [alert] = line.manager.activeAlerts
    const since = alert?.keepFiringSinceMs
    states.push(alert === undefined ? 'gone' : `${alert.state} since ${since && line.seconds(since)}`)
  }
  assert.deepEqual(states, ['firing since 60', 'firing since 60', 'firing since 60', 'gone', 'gone'])
  await line.manager.stop()
})

test('the `for` of an alert goes on after an outage, which itself does not count', async () => {
  const line = new Timeline()
  const text = DOWN.replace('2m', '30m')
  await line.load(text)
  line.set('down', [{ instance: 'a' }, 1])
  await line.until(601)
  await line.restart()
  await line.until(901)
  await line.load(text)
  // Two rounds, then the state is read: pending since 0, down from 600 on, back at 1020.
  await line.until(1021)
  const [alert] = line.manager.activeAlerts
  assert.equal(alert.state, 'pending')
  assert.equal(line.seconds(alert.activeAtMs), 1020 - 600)
  await line.until(420 + 1801)
  assert.equal(line.manager.activeAlerts[0].state, 'firing')
  await line.manager.stop()
})

test('an alert that was nearly due waits for the grace period, one that fired fires at once', async () => {
  const line = new Timeline()
  const text = DOWN.replace('2m', '30m')
  await line.load(text)
  line.set('down', [{ instance: 'a' }, 1])
  await line.until(1501)
  await line.restart()
  await line.load(text)
  await line.until(1621)
  assert.equal(line.seconds(line.manager.activeAlerts[0].activeAtMs), 1620 + 600 - 1800)
  await line.until(2221)
  assert.equal(line.manager.activeAlerts[0].state, 'firing')
  await line.restart()
  await line.load(text)
  await line.until(2401)
  assert.equal(line.manager.activeAlerts[0].state, 'firing')
  await line.manager.stop()
})

test('state older than the outage tolerance is not taken up', async () => {
  const line = new Timeline()
  const text = DOWN.replace('2m', '3h')
  await line.load(text)
  line.set('down', [{ instance: 'a' }, 1])
  await line.until(601)
  await line.restart()
  await line.until(7201)
  await line.load(text)
  await line.until(7321)
  assert.equal(line.seconds(line.manager.activeAlerts[0].activeAtMs), 7260)
  await line.manager.stop()
})

test('a template that fails becomes the text, and the alert is told all the same', async () => {
  const line = new Timeline()
  await line.load(`
groups:
- name: g
  rules:
  - alert: A
    expr: down
    annotations:
      first: '{{ query "none" | first }}'
      asked: '{{ range query "many" }}{{ .Labels.x }}={{ .Value }} {{ end }}'
      field: '{{ .Nothing }}'
`)
  line.set('down', [{}, 1])
  line.set('many', [{ x: 'a' }, 1], [{ x: 'b' }, 2])
  await line.until(1)
  const annotations = Object.fromEntries(line.manager.activeAlerts[0].annotations)
  assert.equal(annotations['asked'], 'a=1 b=2 ')
  assert.equal(
    annotations['first'],
    '<error expanding template: error executing template __alert_A: template: __alert_A:1:130: executing "__alert_A" at <first>: error calling first: first() called on vector with no elements>',
  )
  assert.match(annotations['field'], /can't evaluate field Nothing in type struct \{ Labels map\[string\]string; /)
  assert.equal(line.sent.length, 1)
  assert.equal(line.logs.filter(({ message }) => message === 'expanding an alert template failed').length, 2)
  await line.manager.stop()
})

test('labels of the rule may be templates; equal label sets are refused', async () => {
  const line = new Timeline()
  await line.load(`
groups:
- name: g
  rules:
  - alert: A
    expr: down
    labels: {instance: '', level: '{{ if gt $value 5.0 }}high{{ else }}low{{ end }}'}
`)
  line.set('down', [{ instance: 'a', job: 'j' }, 9])
  await line.until(1)
  assert.deepEqual(line.manager.activeAlerts[0].labels, [
    ['alertname', 'A'],
    ['job', 'j'],
    ['level', 'high'],
  ])
  line.set('down', [{ instance: 'a' }, 1], [{ instance: 'b' }, 1])
  await line.until(61)
  const [rule] = line.manager.groups[0].rules
  assert.equal(rule.health, 'err')
  assert.equal(rule.lastError?.message, 'vector contains metrics with the same labelset after applying alert labels')
  await line.manager.stop()
})
