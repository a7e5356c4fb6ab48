import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitsOf, isStaleAt, labelsKey } from '@quartet/model'
import type { AppendReport, Labels, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { createSelfMetrics, silentLogger } from '@quartet/runtime'
import { FakeClock, temporaryDirectory } from '@quartet/runtime/testing'
import { RuleManager } from '@quartet/rules'
import { DEFAULT_LIMITS } from '../../src/config/limits.ts'
import { Queries } from '../../src/query/queries.ts'
import { exploreLink } from '../../src/rules/explore-link.ts'
import { forStateReader } from '../../src/rules/for-state-reader.ts'
import { RuleFiles } from '../../src/rules/logql-rules.ts'
import { ruleQueries } from '../../src/rules/rule-queries.ts'
import { memorySource } from '../support/memory-source.ts'
import { START_MS, writeRules } from '../support/ruler.ts'

const RULES = `
groups:
- name: g
  rules:
  - record: lines
    expr: sum by (app) (count_over_time({app=~".+"} |= "bad" [1m]))
  - alert: Bad
    expr: sum by (app) (count_over_time({app=~".+"} |= "bad" [1m])) > 0
    for: FOR
    labels: {app: 'the {{ $labels.app }}', severity: page}
    annotations: {summary: '{{ $value }} bad lines'}
`

/** Keeps what rules write: `3 lines{app="a"} 2`, the time in minutes. */
class MemorySink implements SampleSink {
  readonly epoch = 1
  readonly written: string[] = []
  readonly #series: Labels[] = []

  resolve(labels: Labels): SeriesRef {
    const known = this.#series.findIndex((one) => labelsKey(one) === labelsKey(labels))
    return (known >= 0 ? known : this.#series.push(labels) - 1) as SeriesRef
  }

  async append(batch: SampleBatch): Promise<AppendReport> {
    for (let index = 0; index < batch.count; index++) {
      const labels = this.#series[batch.refs[index]]
      const value = isStaleAt(bitsOf(batch.values), index) ? 'stale' : batch.values[index]
      this.written.push(`${minute(batch.timesMs[index])} ${textOf(labels)} ${value}`)
    }
    return { outOfOrder: 0, tooOld: 0, duplicate: 0 }
  }

  describe(): void {}
}

class Timeline {
  readonly clock: FakeClock
  readonly sink = new MemorySink()
  readonly told: string[] = []
  readonly links = new Set<string>()
  readonly rules: RuleManager

  /** @param minutes at which there are two lines each, 5 s and 10 s before it */
  constructor(minutes: readonly number[], startMinute: number, delayMs = 0) {
    this.clock = new FakeClock({ nowMs: START_MS + startMinute * 60_000 })
    const entries = minutes.flatMap((at) =>
      [10, 5].map((before) => ({
        timeNs: BigInt(START_MS + at * 60_000 - before * 1000) * 1_000_000n,
        line: 'a bad one',
      })),
    )
    const source = memorySource([{ labels: [['app', 'a']], entries }])
    const evaluate = ruleQueries(new Queries(source, DEFAULT_LIMITS, this.clock), delayMs)
    this.rules = new RuleManager({
      clock: this.clock,
      logger: silentLogger,
      metrics: createSelfMetrics({ clock: this.clock }),
      evaluate,
      sink: this.sink,
      readForState: forStateReader(() => this.rules.groups, evaluate),
      expressionLink: (expr) => exploreLink(expr, 'loki'),
      notify: (notifications) => {
        for (const { labels, annotations, startsAtMs, endsAtMs, generatorUrl } of notifications) {
          const span = `${minute(startsAtMs)}..${minute(endsAtMs)}`
          this.told.push(`${minute(this.clock.nowMs())} ${textOf(labels)} ${span} ${annotations[0][1]}`)
          this.links.add(generatorUrl)
        }
      },
    })
  }

  async load(text: string): Promise<void> {
    const directory = await temporaryDirectory()
    try {
      await writeRules(directory.path, 'fake/a.yml', text)
      const [{ groups }] = await new RuleFiles(`${directory.path}/rules`).namespaces('fake', 'canonical')
      await this.rules.update(
        groups.map((group) => ({ ...group, file: '/rules/fake/a.yml' })),
        { intervalMs: 60_000, queryOffsetMs: 0, externalLabels: [], externalUrl: 'http://grafana' },
      )
    } finally {
      await directory.remove()
    }
  }

  async until(atMinute: number): Promise<void> {
    // Pages of memory answer in a few turns, which a step at a time leaves room for.
    while (this.clock.nowMs() < START_MS + atMinute * 60_000) await this.clock.advance(5000)
  }
}

function minute(timeMs: number): number {
  return Math.floor((timeMs - START_MS) / 60_000)
}

function textOf(labels: Labels): string {
  const name = labels.find(([key]) => key === '__name__')?.[1] ?? ''
  const rest = labels.filter(([key]) => key !== '__name__').map(([key, value]) => `${key}="${value}"`)
  return `${name}{${rest.join(',')}}`
}

test('lines make a pending alert, a firing one and a resolved one, and recorded series', async () => {
  const line = new Timeline([1, 2, 3, 4, 5], 0)
  await line.load(RULES.replace('FOR', '2m'))
  await line.until(2)
  assert.deepEqual(
    line.rules.activeAlerts.map(({ state, value, labels }) => [state, value, textOf(labels)]),
    [['pending', 2, '{alertname="Bad",app="the a",severity="page"}']],
  )
  await line.until(9)
  assert.deepEqual(line.rules.activeAlerts, [])
  const alert = '{alertname="Bad",app="the a",severity="page"}'
  assert.equal(line.told[0], `3 ${alert} 3..7 2 bad lines`)
  const resolved = line.told.find((text) => text.startsWith('6'))
  assert.equal(resolved, `6 ${alert} 3..6 2 bad lines`)
  const recorded = line.sink.written.filter((text) => text.includes(' lines{'))
  assert.deepEqual(recorded, [
    '1 lines{app="a"} 2',
    '2 lines{app="a"} 2',
    '3 lines{app="a"} 2',
    '4 lines{app="a"} 2',
    '5 lines{app="a"} 2',
    '6 lines{app="a"} stale',
  ])
  assert.ok(line.sink.written.includes('3 ALERTS{alertname="Bad",alertstate="firing",app="the a",severity="page"} 1'))
  const [link] = line.links
  assert.ok(link.startsWith('http://grafana/explore?left='))
  const left = JSON.parse(new URL(link).searchParams.get('left')!)
  assert.deepEqual(left, {
    queries: [
      {
        expr: '(sum by (app)(count_over_time({app=~".+"} |= "bad"[1m])) > 0)',
        queryType: 'range',
        datasource: { type: 'loki', uid: 'loki' },
      },
    ],
  })
  await line.rules.stop()
  assert.equal(line.clock.pendingCount, 0)
})

test('after a start, what the rule gave `for` ago counts as active since then', async () => {
  const every = Array.from({ length: 60 }, (_, index) => index)
  const restarted = new Timeline(every, 30)
  await restarted.load(RULES.replace('FOR', '20m'))
  await restarted.until(34)
  assert.deepEqual(
    restarted.rules.activeAlerts.map(({ state }) => state),
    ['firing'],
  )
  await restarted.rules.stop()
  // The lines began ten minutes ago: nothing to take up, the alert has to wait.
  const young = new Timeline(
    every.filter((at) => at >= 20),
    30,
  )
  await young.load(RULES.replace('FOR', '20m'))
  await young.until(34)
  assert.deepEqual(
    young.rules.activeAlerts.map(({ state, activeAtMs }) => [state, minute(activeAtMs)]),
    [['pending', 30]],
  )
  await young.rules.stop()
})

test('an evaluation delay moves the time of the data, not that of the results', async () => {
  const line = new Timeline([1], 0, 3 * 60_000)
  await line.load(RULES.replace('FOR', '0s'))
  await line.until(7)
  assert.deepEqual(
    line.sink.written.filter((text) => text.includes(' lines{')),
    ['4 lines{app="a"} 2', '5 lines{app="a"} stale'],
  )
  await line.rules.stop()
})
