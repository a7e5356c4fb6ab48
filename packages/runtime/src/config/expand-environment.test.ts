import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandEnvironment } from './expand-environment.ts'

test('replaces names, uses defaults, keeps what is no reference', () => {
  const environment = { A: 'x', EMPTY: '' }
  assert.equal(expandEnvironment('${A} ${B} ${B:-d e} ${EMPTY:-f}', environment), 'x  d e f')
  assert.equal(expandEnvironment('$A {A} ${} ${1a} a$', environment), '$A {A} ${} ${1a} a$')
  assert.equal(expandEnvironment('a$$b $${A}', environment), 'a$b ${A}')
})
