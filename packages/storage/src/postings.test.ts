import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstAtLeast, intersect, intersectAll, PostingsBuilder, subtract, union } from './postings.ts'
import { seededRandom } from './testing/index.ts'
import type { Random } from './testing/index.ts'

function randomList(random: Random, length: number, bound: number): Uint32Array {
  const ids = new Set<number>()
  for (let count = 0; count < length; count++) ids.add(random.below(bound))
  return Uint32Array.from([...ids].sort((a, b) => a - b))
}

test('agrees with sets, for lists of like and very unlike length', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed)
    const bound = 1 + random.below(3000)
    const lists = Array.from({ length: 1 + random.below(5) }, () =>
      randomList(random, random.below(random.below(2) ? 10 : 1500), bound),
    )
    const [a, b = new Uint32Array(0)] = lists
    const inB = new Set(b)
    const label = `seed ${seed}`
    assert.deepEqual(
      [...intersect(a, b)],
      [...a].filter((id) => inB.has(id)),
      label,
    )
    assert.deepEqual(
      [...subtract(a, b)],
      [...a].filter((id) => !inB.has(id)),
      label,
    )
    assert.deepEqual(
      [...union(lists)],
      [...new Set(lists.flatMap((list) => [...list]))].sort((x, y) => x - y),
      label,
    )
    const inAll = [...a].filter((id) => lists.every((list) => list.includes(id)))
    assert.deepEqual([...intersectAll(lists)], inAll, label)
    const id = random.below(bound)
    const expected = a.findIndex((entry) => entry >= id)
    assert.equal(firstAtLeast(a, id), expected < 0 ? a.length : expected, label)
  }
})

test('builds ascending lists whose views do not change', () => {
  const builder = new PostingsBuilder()
  for (const id of [1, 1, 5]) builder.add(id)
  const view = builder.view()
  for (let id = 6; id < 100; id++) builder.add(id)
  assert.deepEqual([...view], [1, 5])
  assert.equal(builder.length, 96)
  assert.throws(() => builder.add(4), RangeError)
})
