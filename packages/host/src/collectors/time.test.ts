import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zoneName } from './time.ts'

test('names the zone by its rule and the offset that holds now', () => {
  const berlin = 'CET-1CEST,M3.5.0,M10.5.0/3'
  assert.equal(zoneName(berlin, 3600), 'CET')
  assert.equal(zoneName(berlin, 7200), 'CEST')
  assert.equal(zoneName('EST5EDT,M3.2.0,M11.1.0', -4 * 3600), 'EDT')
  assert.equal(zoneName('EST5EDT,M3.2.0,M11.1.0', -5 * 3600), 'EST')
  assert.equal(zoneName('GMT0BST,M3.5.0/1,M10.5.0', 0), 'GMT')
  // In Dublin the winter is the exception.
  assert.equal(zoneName('IST-1GMT0,M10.5.0,M3.5.0/1', 3600), 'IST')
  assert.equal(zoneName('IST-1GMT0,M10.5.0,M3.5.0/1', 0), 'GMT')
  assert.equal(zoneName('<+0545>-5:45', 20700), '+0545')
  assert.equal(zoneName('UTC0', 0), 'UTC')
  assert.equal(zoneName('', 0), 'UTC')
})
