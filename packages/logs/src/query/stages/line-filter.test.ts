import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OpenPage } from '../../storage/open-page.ts'
import type { LineOp } from '../ast.ts'
import { Entry } from '../engine/entry.ts'
import { lineFilterStage } from './line-filter.ts'
import { decolorizeStage } from './decolorize.ts'

const seed = Number(process.env.QUARTET_SEED ?? 20261123)
let state = seed
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

function pageOf(lines: readonly string[]): OpenPage {
  const page = new OpenPage(() => {})
  for (const [index, line] of lines.entries()) {
    const bytes = Buffer.from(line)
    page.append(index + 1, 0, bytes, 0, bytes.length, bytes, 0, 0)
  }
  return page
}

describe('a line filter', () => {
  it('does not match text that spans two lines', () => {
    const view = pageOf(['xxab', 'cdxx', 'abcd', 'ab', 'cd', 'abcd']).view()
    const mask = new Uint8Array(view.count).fill(1)
    lineFilterStage({ kind: 'line', op: '|=', operands: [{ value: 'abcd', isIp: false }] }).mask(view, mask)
    assert.deepEqual([...mask], [0, 0, 1, 0, 0, 1])
  })

  it(`finds on a whole page what it finds line by line (seed ${seed})`, () => {
    const ops: readonly LineOp[] = ['|=', '!=', '|~', '!~']
    for (let round = 0; round < 2000; round++) {
      const lines = Array.from({ length: 1 + random(12) }, () =>
        Array.from({ length: random(7) }, () => 'abé'[random(3)]).join(''),
      )
      const operands = Array.from({ length: 1 + random(2) }, () => ({
        value: Array.from({ length: random(4) }, () => 'abé'[random(3)]).join(''),
        isIp: false,
      }))
      const op = ops[random(4)]
      const filter = lineFilterStage({
        kind: 'line',
        op,
        operands: op.startsWith('!') ? operands.slice(0, 1) : operands,
      })
      const view = pageOf(lines).view()
      const mask = Uint8Array.from({ length: view.count }, () => (random(5) === 0 ? 0 : 1))
      const expected = lines.map((line, index) => {
        const entry = new Entry()
        entry.setBytes(Buffer.from(line), 0, Buffer.byteLength(line))
        return mask[index] === 1 && filter.run(entry) ? 1 : 0
      })
      filter.mask(view, mask)
      assert.deepEqual(
        [...mask],
        expected,
        `seed ${seed}: ${op} ${JSON.stringify(operands)} on ${JSON.stringify(lines)}`,
      )
    }
  })
})

describe('decolorize', () => {
  it('removes colours', () => {
    const entry = new Entry()
    entry.line = '\u001b[31mred\u001b[0m and \u001b[1;32mgreen\u001b[m'
    decolorizeStage().run(entry)
    assert.equal(entry.line, 'red and green')
  })
})
