import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord, labelsToRecord } from '@quartet/model'
import { buildComponent, decodeSettings, testContext } from '../../../test/support/context.ts'
import type { TestContext } from '../../../test/support/context.ts'
import type { Capsule } from '../../syntax/index.ts'
import { lokiProcess } from './process.ts'
import { receiverExport } from './receiver.ts'
import type { LogEntry, LogsReceiver } from './receiver.ts'

interface World {
  readonly context: TestContext
  readonly out: LogEntry[]
  push(...lines: readonly string[]): Promise<void>
}

function world(stages: string, refuse?: Error): World {
  const out: LogEntry[] = []
  const place = receiverExport({
    async push(entries) {
      if (refuse) throw refuse
      out.push(...entries)
    },
  }).get('receiver')!
  const context = testContext()
  const component = buildComponent(lokiProcess, context, `forward_to = [place]\n${stages}`, { place })
  const receiver = (component.exports.get('receiver') as Capsule).inner as LogsReceiver
  const entry = (line: string): LogEntry => ({
    labels: labelsFromRecord({ job: 'shop' }),
    timestampNs: 5n,
    line,
    metadata: [],
  })
  return { context, out, push: (...lines) => receiver.push(lines.map(entry)) }
}

test('stages run in their order on each line', async () => {
  const { out, push } = world(`
    stage.json { expressions = { level = "", text = "event.message", at = "time" } }
    stage.labels { values = { severity = "level" } }
    stage.timestamp {
      source = "at"
      format = "RFC3339"
    }
    stage.structured_metadata { values = { job = "" } }
    stage.output { source = "text" }`)
  await push('{"level":"warn","time":"2026-01-02T03:04:05+01:00","event":{"message":"low stock"}}', 'not json')
  const [first, second] = out
  assert.equal(first.line, 'low stock')
  assert.deepEqual(labelsToRecord(first.labels), { severity: 'warn' })
  assert.deepEqual(labelsToRecord(first.metadata), { job: 'shop' })
  assert.equal(first.timestampNs, BigInt(Date.parse('2026-01-02T02:04:05Z')) * 1_000_000n)
  assert.equal(second.line, 'not json')
})

test('what a stage drops is not sent on, and counted with its reason', async () => {
  const { context, out, push } = world(`
    stage.drop {
      expression = "^debug"
      drop_counter_reason = "noise"
    }
    stage.match {
      selector = "{job=\\"shop\\"} |= \\"secret\\""
      action = "drop"
    }`)
  await push('debug a', 'keep me', 'a secret')
  assert.deepEqual(
    out.map(({ line }) => line),
    ['keep me'],
  )
  const metrics = await context.metrics.registry.getSingleMetricAsString('loki_process_dropped_lines_total')
  assert.match(metrics, /reason="noise"\} 1/)
  assert.match(metrics, /reason="match_stage"\} 1/)
})

test("lines of Docker's json-file driver", async () => {
  const { out, push } = world('stage.docker { }')
  await push('{"log":"hi\\n","stream":"stderr","time":"2026-01-02T03:04:05.000000007Z"}')
  assert.equal(out[0].line, 'hi\n')
  assert.deepEqual(labelsToRecord(out[0].labels), { job: 'shop', stream: 'stderr' })
  assert.equal(out[0].timestampNs % 1_000_000_000n, 7n)
})

test('whoever sends learns that lines were not taken over', async () => {
  const { push } = world('', new Error('full'))
  await assert.rejects(push('x'), /full/)
})

test('mistakes and stages that are not built are told', () => {
  for (const [stages, message] of [
    ['stage.geoip { }', /block "stage.geoip" exists in Alloy 1.12.1 but is not supported by Quartet yet/],
    ['stage.regex { expression = "(" }', /missing closing \)/],
    ['stage.regex { expression = "a" }', /at least one named group/],
    ['stage.json { expressions = { a = "b || c" } }', /only names, dots and \[index\]/],
    ['stage.timestamp {\n source = "a"\n format = "nothing"\n}', /timestamp format "nothing" cannot be used/],
    ['stage.match {\n selector = "{a=1}"\n action = "drop"\n}', /selector {a=1} cannot be parsed/],
    ['stage.drop { }', /must contain at least one of/],
  ] as const) {
    assert.throws(() => decodeSettings(lokiProcess, `forward_to = []\n${stages}`), message)
  }
})
