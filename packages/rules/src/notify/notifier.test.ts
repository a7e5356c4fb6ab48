import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfMetrics } from '@quartet/runtime'
import type { HttpPost, HttpReply } from '@quartet/runtime'
import { FakeClock, recordingLogger } from '@quartet/runtime/testing'
import type { Notification } from '../alert/alert.ts'
import { Notifier } from './notifier.ts'
import type { AlertmanagerSet, NotifierOptions } from './notifier.ts'

const alert = (name: string): Notification => ({
  labels: [['alertname', name]],
  annotations: [['summary', '<x>']],
  startsAtMs: Date.UTC(2026, 0, 1),
  endsAtMs: Date.UTC(2026, 0, 1, 0, 4),
  generatorUrl: 'http://here/graph',
})

interface Receiver extends AlertmanagerSet {
  readonly bodies: { url: string; names: string[]; text: string }[]
  isClosed: boolean
}

function receiver(answer: (url: string) => number | Promise<number> = () => 200, urls = ['http://a/api']): Receiver {
  const bodies: Receiver['bodies'] = []
  return {
    bodies,
    isClosed: false,
    urls: () => urls,
    droppedUrls: () => [],
    headers: { authorization: 'Basic x' },
    timeoutMs: 1000,
    relabel: undefined,
    client: {
      async post(url: string | URL, { body, headers }: HttpPost): Promise<HttpReply> {
        assert.equal(headers['content-type'], 'application/json')
        assert.equal(headers['authorization'], 'Basic x')
        const text = Buffer.from(body).toString()
        const parsed = JSON.parse(text) as { labels: { alertname: string } }[]
        bodies.push({ url: String(url), names: parsed.map(({ labels }) => labels.alertname), text })
        const status = await answer(String(url))
        return { status, statusText: 'text', headers: {}, body: Buffer.alloc(0) }
      },
    },
    close() {
      this.isClosed = true
    },
  }
}

function create(options: Partial<NotifierOptions> = {}): {
  notifier: Notifier
  text: () => Promise<string>
  messages: () => string[]
} {
  const clock = new FakeClock()
  const metrics = createSelfMetrics({ clock })
  const { logger, records } = recordingLogger()
  const notifier = new Notifier({ clock, logger, metrics, ...options })
  return {
    notifier,
    text: async () => (await metrics.render()).text,
    messages: () => records.map((one) => one.message),
  }
}

test('sends in batches of 256, with external labels, in the form of API v2', async () => {
  const { notifier, text } = create()
  const set = receiver()
  notifier.apply({ externalLabels: [['cluster', 'c']], relabel: undefined, sets: [set] })
  notifier.send(Array.from({ length: 300 }, (_, index) => alert(`a${index}`)))
  await notifier.stop()
  assert.deepEqual(
    set.bodies.map(({ names }) => names.length),
    [256, 44],
  )
  assert.equal(
    JSON.stringify(JSON.parse(set.bodies[0].text)[0]),
    '{"annotations":{"summary":"<x>"},"endsAt":"2026-01-01T00:04:00.000Z","startsAt":"2026-01-01T00:00:00.000Z","generatorURL":"http://here/graph","labels":{"alertname":"a0","cluster":"c"}}',
  )
  assert.match(await text(), /prometheus_notifications_sent_total\{alertmanager="http:\/\/a\/api"\} 300/)
  assert.equal(set.isClosed, true)
})

test('one member of a set is enough; a batch that nobody takes is dropped and counted', async () => {
  const { notifier, text } = create()
  const half = receiver((url) => (url.includes('a') ? 500 : 200), ['http://a', 'http://b'])
  notifier.apply({ externalLabels: [], relabel: undefined, sets: [half] })
  notifier.send([alert('x')])
  await new Promise((resolve) => setImmediate(resolve))
  assert.match(await text(), /notifications_errors_total\{alertmanager="http:\/\/a"\} 1/)
  assert.match(await text(), /notifications_dropped_total 0/)
  const dead = receiver(() => Promise.reject(new Error('connect refused')))
  notifier.apply({ externalLabels: [], relabel: undefined, sets: [dead] })
  assert.equal(half.isClosed, true)
  notifier.send([alert('y'), alert('z')])
  await notifier.stop()
  assert.match(await text(), /notifications_dropped_total 2/)
  assert.doesNotMatch(await text(), /alertmanager="http:\/\/b"/)
})

test('relabels for all and for one set; what is dropped is not sent', async () => {
  const { notifier } = create()
  const picky: Receiver = {
    ...receiver(),
    relabel: (labels) => (labels.some(([, value]) => value === 'x!') ? undefined : labels),
  }
  const plain = receiver(() => 200, ['http://p'])
  notifier.apply({
    externalLabels: [],
    relabel: (labels) =>
      labels.some(([, value]) => value === 'gone') ? undefined : labels.map(([name, value]) => [name, `${value}!`]),
    sets: [picky, plain],
  })
  notifier.send([alert('x'), alert('y'), alert('gone')])
  await notifier.stop()
  assert.deepEqual(picky.bodies[0].names, ['y!'])
  assert.deepEqual(plain.bodies[0].names, ['x!', 'y!'])
})

test('a full queue loses its oldest, and rules never wait', async () => {
  let release = (): void => {}
  const { notifier, text, messages } = create({ capacity: 3 })
  const slow = receiver(() => new Promise((resolve) => (release = () => resolve(200))))
  notifier.apply({ externalLabels: [], relabel: undefined, sets: [slow] })
  notifier.send([alert('first')])
  await new Promise((resolve) => setImmediate(resolve))
  notifier.send(['a', 'b', 'c', 'd'].map(alert))
  notifier.send([alert('e')])
  assert.match(await text(), /notifications_queue_length 3/)
  assert.match(await text(), /notifications_queue_capacity 3/)
  release()
  await new Promise((resolve) => setImmediate(resolve))
  release()
  await notifier.stop()
  assert.deepEqual(slow.bodies[1].names, ['c', 'd', 'e'])
  assert.deepEqual(messages().slice(0, 2), [
    'alert batch larger than queue capacity, dropping alerts',
    'alert notification queue full, dropping alerts',
  ])
})

test('a stop sends what is queued, but does not wait for one timeout after the other', async () => {
  const { notifier, text } = create()
  const dead = receiver(() => 503)
  notifier.apply({ externalLabels: [], relabel: undefined, sets: [dead] })
  notifier.send(Array.from({ length: 1000 }, () => alert('x')))
  await notifier.stop()
  assert.equal(dead.bodies.length, 1)
  assert.match(await text(), /notifications_dropped_total 1000/)
  notifier.send([alert('late')])
  assert.equal(dead.bodies.length, 1)
})
