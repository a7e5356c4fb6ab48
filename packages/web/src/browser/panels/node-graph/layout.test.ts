import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutGraph, type Link } from './layout.ts'

const links = (text: string): Link[] =>
  text.split(' ').map((pair) => ({ source: pair.split('>')[0] as string, target: pair.split('>')[1] as string }))
const idsOf = (list: readonly Link[]): string[] => [...new Set(list.flatMap(({ source, target }) => [source, target]))]

test('layers follow the direction of the links', () => {
  const edges = links('user>web web>shop shop>db web>db shop>queue')
  const places = layoutGraph(idsOf(edges), edges, 'layered')
  for (const { source, target } of edges) {
    assert.ok((places.get(source)?.x ?? 0) < (places.get(target)?.x ?? 0), `${source} is left of ${target}`)
  }
})

test('circles and loops end, and every node has a place of its own', () => {
  const edges = links('a>b b>c c>a c>c b>a x>y y>x')
  for (const algorithm of ['layered', 'force', 'grid'] as const) {
    const places = layoutGraph([...idsOf(edges), 'alone', 'alone too'], edges, algorithm)
    assert.equal(places.size, 7)
    const distinct = new Set([...places.values()].map(({ x, y }) => `${Math.round(x)} ${Math.round(y)}`))
    assert.equal(distinct.size, 7, algorithm)
    for (const { x, y } of places.values()) assert.ok(Number.isFinite(x) && Number.isFinite(y))
  }
})

test('a layer is ordered so that links do not cross', () => {
  const edges = links('a>1 b>2 c>3 a>4 b>5 c>6')
  const places = layoutGraph(['a', 'b', 'c', '6', '1', '5', '2', '4', '3'], edges, 'layered')
  const y = (id: string): number => places.get(id)?.y ?? 0
  for (const one of edges) {
    for (const two of edges) {
      if (y(one.source) < y(two.source)) assert.ok(y(one.target) < y(two.target), `${one.target} before ${two.target}`)
    }
  }
})

test('a long chain does not overflow the stack', () => {
  const ids = Array.from({ length: 8000 }, (_, index) => `n${index}`)
  const chain = ids.slice(1).map((target, index) => ({ source: ids[index] as string, target }))
  assert.equal(layoutGraph(ids, chain, 'layered').size, 8000)
})
