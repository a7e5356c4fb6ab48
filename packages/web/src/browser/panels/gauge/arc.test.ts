import assert from 'node:assert/strict'
import { test } from 'node:test'
import { angleOf, arcPath, endAngle, startAngle, thresholdBands } from './arc.ts'

test('parts outside of the scale are cut off', () => {
  assert.equal(angleOf(-1), startAngle)
  assert.equal(angleOf(2), endAngle)
  assert.equal(angleOf(Number.NaN), startAngle)
})

test('an arc of more than half a circle sets the large flag', () => {
  assert.match(arcPath({ centerX: 0, centerY: 0, radius: 10, from: 0, to: 4 }), /A 10 10 0 1 1/)
  assert.match(arcPath({ centerX: 0, centerY: 0, radius: 10, from: 0, to: 1 }), /A 10 10 0 0 1/)
})

test('bands lie between thresholds and within the scale', () => {
  const steps = [
    { value: -Infinity, color: 'green' },
    { value: 50, color: 'orange' },
    { value: 150, color: 'red' },
  ]
  assert.deepEqual(thresholdBands(steps, { min: 0, max: 100 }), [
    { from: 0, to: 0.5, color: 'green' },
    { from: 0.5, to: 1, color: 'orange' },
  ])
  assert.deepEqual(thresholdBands(steps, { min: 5, max: 5 }), [])
})
