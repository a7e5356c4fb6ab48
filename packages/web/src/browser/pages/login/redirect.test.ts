import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirectTarget } from './redirect.ts'

const target = (to: string): string => redirectTarget(`?redirectTo=${encodeURIComponent(to)}`, '/')

test('paths of this server are followed', () => {
  assert.equal(target('/d/abc?from=1'), '/d/abc?from=1')
  assert.equal(redirectTarget('', '/home'), '/home')
})

test('other servers are not', () => {
  for (const evil of ['//evil.example', 'https://evil.example', '/\\evil.example', '/\t/evil.example']) {
    assert.equal(target(evil), '/')
  }
})

test('the login page does not lead to itself', () => {
  assert.equal(target('/login?x'), '/')
})
