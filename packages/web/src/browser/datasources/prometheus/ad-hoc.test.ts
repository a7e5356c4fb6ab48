import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addFilters } from './ad-hoc.ts'

const filters = [{ key: 'zone', operator: '=', value: 'a"b' }]

test('every selector gets the filter', () => {
  assert.equal(
    addFilters('sum(rate(http_total{job="x"}[5m])) / up + on() foo{}', filters),
    'sum(rate(http_total{zone="a\\"b", job="x"}[5m])) / up{zone="a\\"b"} + on() foo{zone="a\\"b"}',
  )
})

test('without filters nothing changes', () => {
  assert.equal(addFilters('up', []), 'up')
})
