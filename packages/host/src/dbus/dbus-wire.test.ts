import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DbusReader, DbusWireError, DbusWriter, splitSignature } from './dbus-wire.ts'
import type { DbusValue } from './dbus-wire.ts'

test('splits a signature into its complete types', () => {
  assert.deepEqual(splitSignature('a(ssssssouso)ua{sv}aay'), ['a(ssssssouso)', 'u', 'a{sv}', 'aay'])
  assert.throws(() => splitSignature('a(su'), DbusWireError)
  assert.throws(() => splitSignature('aa'), DbusWireError)
})

test('reading undoes writing, whatever stands before', () => {
  const cases: readonly [string, DbusValue][] = [
    ['y', 7],
    ['u', 4_000_000_000],
    ['t', 2n ** 60n],
    ['b', true],
    ['s', 'Grüße'],
    ['o', '/org/x'],
    ['g', 'a(su)'],
    ['as', ['a', '', 'ccc']],
    [
      'a(sut)',
      [
        ['x', 1, 2n],
        ['yy', 3, 4n],
      ],
    ],
    ['a(sut)', []],
  ]
  for (const [type, value] of cases) {
    for (const before of [0, 1, 2, 3, 5]) {
      const writer = new DbusWriter()
      for (let index = 0; index < before; index++) writer.write('y', index)
      const bytes = writer.write(type, value).bytes()
      const reader = new DbusReader(bytes, before)
      assert.deepEqual(reader.read(type), value)
      assert.equal(reader.position, bytes.length)
    }
  }
  const variant = new DbusWriter().write('v', ['u', 5]).bytes()
  assert.equal(new DbusReader(variant).read('v'), 5)
})

test('whatever the bytes are, there is a value or a typed error', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(Array.from({ length: Math.floor(next() * 60) }, () => Math.floor(next() * 256)))
    for (const type of ['a(yv)', 's', 'v', 'a{sv}', 'aas', '(tsu)']) {
      try {
        new DbusReader(bytes).read(type)
      } catch (error) {
        assert.ok(error instanceof DbusWireError, `seed ${seed}, round ${round}: ${String(error)}`)
      }
    }
  }
})
