import assert from 'node:assert/strict'
import { it } from 'node:test'
import { TraceQlError } from '../../src/query/ast.ts'
import { checkTraceQl } from '../../src/query/check.ts'
import { extractMatchers } from '../../src/query/filter-extract.ts'
import { parseTraceQl } from '../../src/query/parser.ts'

const PIECES = (
  '{ } ( ) | || && = != =~ !~ < <= > >= + - * / % ^ ! , ~ >> << &> &>> !>> . .a .b.c span.x resource."y z" parent.d event.e ' +
  'name duration status kind error server nil true 1 2.5 3s "s" `r` count() avg( min( by( select( coalesce() rate() topk( ' +
  'with( span:id trace:duration event:name ="'
).split(' ')

it('parses or refuses any sequence of tokens and bytes', () => {
  const seed = Date.now() % 1_000_000
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let round = 0; round < 5000; round++) {
    const length = random(16) + 1
    const words = Array.from({ length }, () =>
      random(12) === 0 ? String.fromCharCode(random(0x3000)) : PIECES[random(PIECES.length)],
    )
    const query = (random(2) === 0 ? '{ ' : '') + words.join(random(5) === 0 ? '' : ' ')
    try {
      extractMatchers(query)
      checkTraceQl(parseTraceQl(query))
    } catch (error) {
      assert.ok(error instanceof TraceQlError, `seed ${seed}: ${JSON.stringify(query)}: ${String(error)}`)
    }
  }
})

it('refuses queries that are nested too deeply instead of overflowing the stack', () => {
  assert.throws(() => parseTraceQl(`{ ${'('.repeat(50_000)}1 }`), TraceQlError)
  assert.throws(() => parseTraceQl('('.repeat(50_000)), TraceQlError)
  assert.throws(() => parseTraceQl(`{ ${'!'.repeat(50_000)}true }`), TraceQlError)
})
