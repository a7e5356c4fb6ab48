import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slicesOf } from './slices.ts'

const radius = { outer: 10, inner: 0 }

test('parts add up to one, empty and negative values have no slice', () => {
  const slices = slicesOf([1, 0, 3, -5, Number.NaN], radius)
  assert.deepEqual(
    slices.map(({ index, part }) => [index, part]),
    [
      [0, 0.25],
      [2, 0.75],
    ],
  )
})

test('the first slice begins at the top', () => {
  assert.match(slicesOf([1, 1], radius)[0]?.path ?? '', /^M 0\.000 -10\.000/)
})

test('a single value is almost a full circle, not nothing', () => {
  assert.match(slicesOf([5], radius)[0]?.path ?? '', /A 10 10 0 1 1/)
})

test('nothing to show is no slices', () => {
  assert.deepEqual(slicesOf([0, 0], radius), [])
})
