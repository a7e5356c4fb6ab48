import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord } from '@quartet/model'
import { lokiProcess } from '../../src/components/loki/process.ts'
import { parseTime } from '../../src/components/loki/stages/timestamp-format.ts'
import { stageKit } from '../../src/components/loki/stages/registry.ts'
import type { StagedEntry } from '../../src/components/loki/stages/stage.ts'
import { decodeSettings } from '../support/context.ts'
import { corpusExists, facts, Tally } from './corpus.ts'
import type { Case } from './corpus.ts'

type Texts = Readonly<Record<string, string>>

/** Stages of the corpus that are not built; the collector refuses them by name. */
const NOT_BUILT = /stage\.(replace|template|tenant|luhn|pattern|truncate)\b/

test('loki.process stages', { skip: !corpusExists() }, () => {
  const tally = new Tally('loki_process_stages.json')
  for (const item of facts('loki_process_stages.json')) {
    const stage = String(item.stage)
    const written = typeof item.config === 'string' ? item.config : String(item.pipeline_stages_yaml ?? '')
    if (NOT_BUILT.test(`stage.${stage} ${written}`)) tally.skip()
    else tally.run(String(item.src_line), () => check(stage, item))
  }
  tally.finish()
})

function check(stage: string, item: Case): void {
  if (stage === 'timestamp_layout') {
    assert.equal(parseTime(String(item.layout), String(item.timestamp)), timeOf(String(item.expected)))
  } else if (stage === 'match') checkMatch(item)
  else if (stage === 'pack') checkPack(item)
  else if (stage === 'timestamp') checkTimestamp(item)
  else if (typeof item.config === 'string' || item.pipeline_stages_yaml !== undefined) checkPipeline(item)
  else {
    const entry = staged({ line: item.entry, labels: item.labels, extracted: item.extracted })
    assert.equal(build(stageText(stage, item.config))(entry), item.should_drop !== true)
    if (item.expected_extract) assert.deepEqual(plain(entry.extracted), parsedJson(item.expected_extract))
  }
}

function checkPipeline(item: Case): void {
  const entry = staged({ line: item.entry ?? item.log_line, labels: item.initial_labels })
  build(String(item.config ?? item.pipeline_stages_yaml))(entry)
  if (item.expected_entry !== undefined) assert.equal(entry.line, item.expected_entry)
  if (typeof item.expected_t === 'string' && item.expected_t !== 'now')
    assert.equal(entry.timestampNs, timeOf(item.expected_t))
  if (item.expected_labels) assert.deepEqual(plain(entry.labels), labelNames(item.expected_labels as Texts))
  if (item.expected_structured_metadata)
    assert.deepEqual(plain(entry.metadata), labelNames(item.expected_structured_metadata as Texts))
}

function checkMatch(item: Case): void {
  const isDrop = item.action === 'MatchActionDrop'
  const inner = isDrop ? 'action = "drop"' : 'stage.static_labels {\n values = { ran = "yes" }\n}'
  const text = `stage.match {\n selector = ${JSON.stringify(item.selector)}\n ${inner}\n}`
  if (item.want_err) return void assert.throws(() => build(text))
  const entry = staged({ line: 'foo', labels: item.labels })
  assert.equal(build(text)(entry), !item.should_drop)
  if (!item.should_drop) assert.equal(entry.labels.has('ran'), item.should_run)
}

function checkPack(item: Case): void {
  const input = item.input_entry as { Extracted: object; Entry: { Labels: object; Entry: { Line: string } } }
  const expected = item.expected_entry as typeof input
  const entry = staged({ line: input.Entry.Entry.Line, labels: input.Entry.Labels, extracted: input.Extracted })
  build(stageText('pack', item.config))(entry)
  assert.equal(entry.line, expected.Entry.Entry.Line)
  assert.deepEqual(plain(entry.labels), expected.Entry.Labels)
}

function checkTimestamp(item: Case): void {
  const run = build(stageText('timestamp', item.config))
  const entries = (item.input_entries ?? [{ extracted: item.extracted }]) as {
    timestamp?: { unix: number }
    labels?: object
    extracted: object
  }[]
  const times = entries.map(({ timestamp, labels, extracted }) => {
    const entry = staged({ labels, extracted, timestampNs: BigInt(timestamp?.unix ?? 0) * 1_000_000_000n })
    run(entry)
    return entry.timestampNs
  })
  const expected = (item.expected_timestamps ?? [item.expected]) as (string | { unix: number })[]
  assert.deepEqual(
    times,
    expected.map((time) => (typeof time === 'string' ? timeOf(time) : BigInt(time.unix) * 1_000_000_000n)),
  )
}

function build(text: string): (entry: StagedEntry) => boolean {
  const { stage } = decodeSettings(lokiProcess, `forward_to = []\n${text}`)
  return stageKit.create(stage, { nowNs: () => 7n, dropped: () => undefined })
}

function staged(given: { line?: unknown; labels?: unknown; extracted?: unknown; timestampNs?: bigint }): StagedEntry {
  const labels = new Map(labelsFromRecord((given.labels ?? {}) as Texts))
  const extracted = new Map<string, unknown>([...labels, ...Object.entries(given.extracted ?? {})])
  const { line = '', timestampNs = 1n } = given
  return { labels, extracted, metadata: new Map(), line: String(line), timestampNs }
}

/** Go's field names and values as a block: `LongerThan: "10B"` is `longer_than = "10B"`. */
function stageText(stage: string, config: unknown): string {
  const fields = ((config as { JSONConfig?: object }).JSONConfig ?? config) as Readonly<Record<string, unknown>>
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      const key = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
      return `${key} = ${literal(key === 'action_on_failure' ? /(Fudge|Skip)$/.exec(String(value))![1].toLowerCase() : value)}`
    })
  return `stage.${stage} {\n${lines.join('\n')}\n}`
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, item]) => `${JSON.stringify(name)} = ${literal(item)}`)
    .join(', ')} }`
}

/** Objects are kept as JSON text here, as Go values upstream. */
function plain(values: ReadonlyMap<string, unknown>): object {
  return parsedJson(Object.fromEntries(values))
}

function parsedJson(values: object): object {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' && /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value,
    ]),
  )
}

function labelNames(labels: Texts): Texts {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [/^model\.LabelName\("(.*)"\)$/.exec(name)?.[1] ?? name, value]),
  )
}

function timeOf(text: string): bigint {
  return parseTime('RFC3339Nano', text)!
}
