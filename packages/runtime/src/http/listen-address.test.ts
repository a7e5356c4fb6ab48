import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatHostPort, parseListenAddress } from './listen-address.ts'

test('reads every form that upstream flags take', () => {
  for (const [text, host, port] of [
    [':9090', '127.0.0.1', 9090],
    ['9090', '127.0.0.1', 9090],
    ['0.0.0.0:9090', '0.0.0.0', 9090],
    ['localhost:0', 'localhost', 0],
    ['[::1]:80', '::1', 80],
  ] as const) {
    assert.deepEqual(parseListenAddress(text, '127.0.0.1'), { host, port }, text)
  }
})

test('refuses what is no address and quotes it', () => {
  for (const text of ['', 'host', 'host:', ':70000', '::1:80', 'a:b', '-1']) {
    assert.throws(
      () => parseListenAddress(text, '127.0.0.1'),
      new RegExp(`^Error: "${text}" is not a listen address`),
      text,
    )
  }
})

test('writes brackets around IPv6 hosts', () => {
  assert.equal(formatHostPort('::1', 80), '[::1]:80')
  assert.equal(formatHostPort('127.0.0.1', 80), '127.0.0.1:80')
})
