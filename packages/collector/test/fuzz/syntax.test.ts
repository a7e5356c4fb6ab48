import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFile, Scanner } from '../../src/syntax/index.ts'

const PIECES = [
  'a',
  '.',
  '"x"',
  '`',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ',',
  '=',
  '\n',
  ' ',
  '1',
  '2.5e',
  '+',
  '-',
  '!',
  '||',
  '&',
  '//',
  '/*',
  '*/',
  'null',
  '^',
  '\\',
  '\u0000',
  '\ufeff',
  '…',
  '"',
  "'",
]
const SEED = Number(process.env.QUARTET_SEED ?? 20_260_731)

test(`any text is parsed to the end, seed ${SEED}`, () => {
  const random = mulberry32(SEED)
  for (let round = 0; round < 3000; round++) {
    let text = ''
    const size = Math.floor(random() * 60)
    for (let index = 0; index < size; index++) text += PIECES[Math.floor(random() * PIECES.length)]
    const { diagnostics } = parseFile('fuzz.alloy', text)
    for (const { range } of diagnostics)
      assert.ok(range.start >= 0 && range.start <= range.end && range.end <= text.length, text)
    assertTokensCover(text)
  }
})

test('deep nesting is an error, not a stack overflow', () => {
  for (const open of ['[', '(', '{ a = ', '!', '-', 'a(', 'a[', '1 ^ ', 'a { ', 'x = { a = [']) {
    const { diagnostics } = parseFile('deep.alloy', 'value = ' + open.repeat(100_000))
    assert.ok(diagnostics.length > 0)
  }
})

/** Tokens stand in order, do not overlap, and only blanks and marks lie between them. */
function assertTokensCover(text: string): void {
  const scanner = new Scanner(text)
  let end = 0
  for (let count = 0; ; count++) {
    assert.ok(count <= text.length * 2 + 2, `scanner does not end: ${JSON.stringify(text)}`)
    const token = scanner.scan()
    assert.ok(token.start >= end && token.end >= token.start, JSON.stringify(text))
    assert.match(text.slice(end, token.start), /^[ \t\r\n\ufeff]*$/)
    end = token.end
    if (token.kind === 'EOF') return
  }
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
