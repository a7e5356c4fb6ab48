import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeRegex, escapeString, formatForSelector } from './escape.ts'

test('quotes, backslashes and newlines are escaped', () => {
  assert.equal(escapeString('a"b\\c\n'), 'a\\"b\\\\c\\n')
})

test('several values become alternatives', () => {
  assert.equal(formatForSelector(['a', 'b.c']), '(a|b\\\\.c)')
  assert.equal(formatForSelector(['a.b']), 'a\\\\.b')
})

test('a single value of a multi-value variable is escaped for a regex', () => {
  assert.equal(formatForSelector('a.b'), 'a.b')
  assert.equal(formatForSelector('a.b', { multi: true }), 'a\\\\.b')
})

test('a regex metacharacter is escaped for the string and for the regex', () => {
  assert.equal(escapeRegex('a|b'), 'a\\\\|b')
})
