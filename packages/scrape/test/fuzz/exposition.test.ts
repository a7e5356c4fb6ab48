import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ExpositionError, OpenMetricsParser, PrometheusTextParser } from '@quartet/scrape'
import type { ExpositionParser } from '@quartet/scrape'
import { seededRandom } from '@quartet/storage/testing'

const SEED = Number(process.env['QUARTET_SEED'] ?? 7)
const ROUNDS = Number(process.env['QUARTET_FUZZ_ROUNDS'] ?? 4000)
const PIECES = [
  '# HELP a b',
  '# TYPE m counter',
  '# UNIT m_s s',
  '# EOF',
  'm',
  '{',
  '}',
  '"',
  'a="b"',
  ',',
  '=',
  ' ',
  '\t',
  '\n',
  '1',
  '-1.5e3',
  'NaN',
  '+Inf',
  '# {t="x"} 1',
  '\\',
  '\\n',
  '\0',
  'é',
  '\xff',
  '17',
]

const FORMATS: readonly (readonly [string, (body: Uint8Array) => ExpositionParser])[] = [
  ['text', (body) => new PrometheusTextParser(body)],
  ['openmetrics', (body) => new OpenMetricsParser(body)],
]

for (const [name, create] of FORMATS) {
  test(`${name}: any bytes give entries or an ExpositionError, and always an end`, () => {
    const random = seededRandom(SEED)
    for (let round = 0; round < ROUNDS; round++) {
      const count = 1 + random.below(14)
      const parts = Array.from({ length: count }, () => PIECES[random.below(PIECES.length)])
      const body = Buffer.from(parts.join(''), random.below(2) === 0 ? 'utf8' : 'latin1')
      const context = `seed ${SEED}, round ${round}: ${JSON.stringify(body.toString('latin1'))}`
      const parser = create(body)
      try {
        for (let entries = 0; parser.next() !== 'end'; entries++) {
          assert.ok(entries <= body.length + 1, `does not end (${context})`)
          assert.ok(parser.seriesEnd <= parser.bytes.length, context)
          parser.labels()
          parser.exemplar()
        }
      } catch (error) {
        if (!(error instanceof ExpositionError)) throw new Error(context, { cause: error })
      }
    }
  })
}

test('a predicted series parses to the same as without prediction', () => {
  const random = seededRandom(SEED)
  for (let round = 0; round < 500; round++) {
    const text = Array.from(
      { length: 5 },
      (_, index) =>
        `m{i="${index}"}${' '.repeat(1 + random.below(2))}${random.below(1e6) / 10 ** random.below(8)}${random.below(2) ? ' ' + random.below(1e9) : ''}\n`,
    ).join('')
    const plain = new PrometheusTextParser(Buffer.from(text))
    const predicting = new PrometheusTextParser(Buffer.from(text))
    for (let index = 0; index < 5; index++) {
      const known = Buffer.from(`m{i="${index}"}`)
      assert.ok(!predicting.nextIfKnown(Buffer.from('m{i="9"}'), 0, 8))
      assert.ok(predicting.nextIfKnown(known, 0, known.length))
      plain.next()
      assert.deepEqual(
        [predicting.value, predicting.timeMs, predicting.seriesStart, predicting.seriesEnd],
        [plain.value, plain.timeMs, plain.seriesStart, plain.seriesEnd],
        `seed ${SEED}, round ${round}`,
      )
    }
  }
})
