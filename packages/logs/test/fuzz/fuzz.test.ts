import {
  LogBatch,
  LabelsSyntaxError,
  lokiPushFromJson,
  LokiPushJsonError,
  LokiPushReader,
  parseStreamLabels,
  WireError,
} from '@quartet/model'
import { parseTemplate, TemplateError } from '@quartet/query'
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { otlpLogsToBatch } from '../../src/ingest/otlp.ts'
import { LogqlParseError } from '../../src/query/errors.ts'
import { parseLogql } from '../../src/query/parser.ts'
import { Pipeline } from '../../src/query/engine/pipeline.ts'
import { OpenPage } from '../../src/storage/open-page.ts'
import { packPage, unpackPage } from '../../src/storage/page-codec.ts'
import { readRecord, RecordError } from '../../src/storage/record.ts'

const seed = Number(process.env.QUARTET_SEED ?? 20261123)
const ROUNDS = 3000
let state = seed

function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

function randomBytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random(256))
}

function splice<T>(pieces: readonly T[], count: number): T[] {
  return Array.from({ length: count }, () => pieces[random(pieces.length)])
}

/** Runs `act` and lets only the named kinds of errors pass. */
function expectTyped(act: () => unknown, kinds: readonly (new (...args: never[]) => Error)[], input: unknown): void {
  try {
    act()
  } catch (error) {
    assert.ok(
      kinds.some((kind) => error instanceof kind),
      `seed ${seed}: ${String(error)} for ${JSON.stringify(input)}`,
    )
  }
}

it(`decoders answer random bytes with a value or a typed error (seed ${seed})`, () => {
  const reader = new LokiPushReader()
  const batch = new LogBatch()
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = randomBytes(random(60))
    // Mostly plausible tags, so that nested messages are reached.
    for (let at = 0; at < bytes.length; at += 1 + random(4)) bytes[at] = [10, 18, 26, 8, 16, 9, 2, 4][random(8)]
    expectTyped(() => reader.read(bytes, batch.reset()), [WireError], [...bytes])
    expectTyped(() => otlpLogsToBatch(bytes, batch.reset(), { nowNs: 1n }), [WireError], [...bytes])
    expectTyped(() => readRecord(bytes, { stream: () => 0, entry: () => {} }), [RecordError], [...bytes])
  }
})

it(`text parsers answer random text with a value or a typed error (seed ${seed})`, () => {
  const json = [
    '{',
    '}',
    '[',
    ']',
    '"streams"',
    ':',
    ',',
    '"stream"',
    '"values"',
    '"1"',
    '"a"',
    '1e9',
    'null',
    ' ',
    '\\',
    '"',
  ]
  const query = [
    '{',
    '}',
    'a',
    '=',
    '"b"',
    '|',
    '|=',
    '"x"',
    'json',
    'logfmt',
    'rate',
    'sum',
    'by',
    '(',
    ')',
    '[5m]',
    '1',
    'unwrap',
    '>',
    'or',
    'and',
    'drop',
    'line_format',
    '"{{.a}}"',
    '~',
    '!',
    'ip',
    ',',
    '#',
    '\n',
    '-',
    '5s',
    '10KB',
    'regexp',
    '`(?P<x>.)`',
    'pattern',
    '"<a>"',
  ]
  const template = [
    '{{',
    '}}',
    '.a',
    '.',
    '$',
    '$x',
    ':=',
    '|',
    '(',
    ')',
    'if',
    'end',
    'else',
    'range',
    'with',
    'define',
    'template',
    '"t"',
    'printf',
    '"%d %s %v"',
    '1',
    '-1',
    '2.5',
    ' ',
    ' ',
    '{{- ',
    ' -}}',
    'len',
    'index',
    'and',
    '/*',
    '*/',
    'break',
    'text',
  ]
  const labels = ['{', '}', 'a', '=', '"b"', ',', '"', '\\', '`', ' ', '-']
  for (let round = 0; round < ROUNDS; round++) {
    const jsonText = splice(json, random(25)).join('')
    expectTyped(() => lokiPushFromJson(jsonText, new LogBatch()), [LokiPushJsonError], jsonText)
    const labelsText = splice(labels, random(12)).join('')
    expectTyped(() => parseStreamLabels(labelsText), [LabelsSyntaxError], labelsText)
    const queryText = `${random(2) === 0 ? '{a="b"} ' : ''}${splice(query, random(16)).join(random(2) === 0 ? ' ' : '')}`
    expectTyped(
      () => {
        const node = parseLogql(queryText)
        if (node.kind !== 'selector') return
        const pipeline = new Pipeline(node.stages, () => 0n)
        pipeline.runLine(
          { labels: [['a', 'b']], key: '' },
          { line: Buffer.from('{"x":1,"a":"c"} k=v'), seconds: 1, nanos: 0, metadata: [] },
        )
      },
      [LogqlParseError],
      queryText,
    )
    const templateText = splice(template, random(16)).join(random(2) === 0 ? ' ' : '')
    expectTyped(() => parseTemplate('t', templateText).execute({ a: ['x', 1n], x: 'y' }), [TemplateError], templateText)
  }
})

it(`a page comes back from packing as it went in, sorted and without repetitions (seed ${seed})`, async () => {
  for (let round = 0; round < 40; round++) {
    const page = new OpenPage(() => {})
    const lines = new Set<string>()
    for (let count = 1 + random(200); count > 0; count--) {
      const [seconds, nanos] = [1000 + random(5), random(4)]
      const line = Buffer.from(`line ${random(30)} é`.repeat(random(3)))
      const metadata = random(2) === 0 ? Uint8Array.of(1, 97, 1, 98 + random(3)) : new Uint8Array(0)
      page.append(seconds, nanos, line, 0, line.length, metadata, 0, metadata.length)
      lines.add(`${seconds}.${nanos} ${line}`)
    }
    const { columns, text } = page.columns()
    const packed = await packPage(columns, text)
    const back = unpackPage(packed)
    const found = Array.from(
      { length: back.count },
      (_, index) =>
        `${back.seconds[index]}.${back.nanos[index]} ${back.text.toString('utf8', index === 0 ? 0 : back.lineEnds[index - 1], back.lineEnds[index])}`,
    )
    const times = Array.from({ length: back.count }, (_, index) => back.seconds[index] * 10 + back.nanos[index])
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    if (new Set(found).size === found.length) assert.deepEqual(new Set(found), lines, `seed ${seed}`)
    else assert.fail(`seed ${seed}: a line is repeated`)
    for (const damage of [0, packed.columns.length >> 1]) {
      const broken = Uint8Array.from(packed.columns)
      broken[damage] ^= 0x55
      assert.throws(() => {
        const lines_ = unpackPage({ ...packed, columns: broken })
        assert.equal(lines_.count, back.count + 1)
      })
    }
  }
})
