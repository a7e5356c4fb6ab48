import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quoteGo, QuoteError, unquoteGo } from './go-quote.ts'
import { Lexer } from './lexer.ts'

test('unquotes Go literals', () => {
  assert.equal(unquoteGo('"a\\tb\\"c"'), 'a\tb"c')
  assert.equal(unquoteGo("'it\\'s'"), "it's")
  assert.equal(unquoteGo('`a\\b`'), 'a\\b')
  assert.equal(unquoteGo('"\\u1234\\U00010111\\x41\\101"'), '\u1234\u{10111}AA')
  assert.equal(unquoteGo('"\\xe2\\x98\\xba"'), '☺')
  for (const bad of ['"a', '"\\q"', '"\\x4"', '"a\nb"', '"\\ud800"', '"\\\'"'])
    assert.throws(() => unquoteGo(bad), QuoteError)
})

test('quotes as strconv.Quote', () => {
  assert.equal(quoteGo('a"b\\c\n\x01☺\u200b\u{1f600}'), '"a\\"b\\\\c\\n\\x01☺\\u200b😀"')
})

test('unquote undoes quote', () => {
  for (const text of ['', 'plain', 'tab\t', '"', '\\', '☺', '\u0000\u007f\u00a0', '\u{10ffff}']) {
    assert.equal(unquoteGo(quoteGo(text)), text)
  }
})

test('moves over identifiers, numbers, strings and space', () => {
  const lexer = new Lexer('  foo_1 3.5e2 0x1F "a b"')
  lexer.skipSpace()
  assert.equal(lexer.identifier(), 'foo_1')
  lexer.skipSpace()
  assert.equal(lexer.number(), '3.5e2')
  lexer.skipSpace()
  assert.equal(lexer.number(), '0x1F')
  lexer.skipSpace()
  assert.deepEqual(lexer.string(), { value: 'a b', start: 19, end: 24 })
  assert.ok(lexer.isAtEnd)
  assert.equal(lexer.peek(), -1)
})

test('reports a bad string and goes on behind it', () => {
  const lexer = new Lexer('"a\\q" x "open')
  lexer.string()
  lexer.skipSpace()
  assert.equal(lexer.identifier(), 'x')
  lexer.skipSpace()
  lexer.string()
  assert.deepEqual(
    lexer.diagnostics.map((diagnostic) => [diagnostic.message, diagnostic.range.start, diagnostic.range.end]),
    [
      ['invalid string literal: invalid syntax', 0, 5],
      ['unterminated quoted string', 8, 13],
    ],
  )
})
