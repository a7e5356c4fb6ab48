import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../../datasources/frame.ts'
import { graphOf, maxNodes, type GraphFormat } from './graph.ts'

const format: GraphFormat = {
  text: (value, field, unit) => `${String(value)} ${unit ?? field.config.unit ?? ''}`.trim(),
  color: (value) => `color:${String(value)}`,
}

const edges = frame({
  fields: [column('string', 'id', ['e']), column('string', 'source', ['a']), column('string', 'target', ['b'])],
})

test('nodes have texts, arcs and details', () => {
  const nodes = frame({
    fields: [
      column('string', 'id', ['a', 'b']),
      column('string', 'title', ['A', null]),
      column('number', 'mainStat', [1, null], { config: { unit: 'ms' } }),
      column('number', 'arc__ok', [0.75, 1], {
        config: { displayName: 'Fine', color: { mode: 'fixed', fixedColor: 'green' } },
      }),
      column('number', 'arc__bad', [0.25, 0]),
      column('string', 'detail__zone', ['eu', '']),
    ],
  })
  const graph = graphOf([nodes, edges], {}, format)
  assert.deepEqual(
    graph?.nodes.map(({ arcs, details, id, mainStat, title }) => ({ id, title, mainStat, arcs, details })),
    [
      {
        id: 'a',
        title: 'A',
        mainStat: '1 ms',
        arcs: [
          { share: 0.75, color: 'color:green' },
          { share: 0.25, color: 'color:gray' },
        ],
        details: [{ name: 'zone', value: 'eu' }],
      },
      { id: 'b', title: '', mainStat: '', arcs: [{ share: 1, color: 'color:green' }], details: [] },
    ],
  )
  assert.deepEqual(graph?.legend, [
    { name: 'Fine', color: 'color:green' },
    { name: 'bad', color: 'color:gray' },
  ])
  const chosen = graphOf([nodes], { nodes: { mainStatUnit: 's', arcs: [{ field: 'arc__bad', color: 'red' }] } }, format)
  assert.equal(chosen?.nodes[0]?.mainStat, '1 s')
  assert.deepEqual(chosen?.legend, [{ name: 'bad', color: 'color:red' }])
})

test('edges alone make their nodes', () => {
  const graph = graphOf([edges], {}, format)
  assert.deepEqual(
    graph?.nodes.map(({ id, row }) => [id, row]),
    [
      ['a', undefined],
      ['b', undefined],
    ],
  )
})

test('what is no graph is none', () => {
  const table = frame({ meta: { preferredVisualisationType: 'table' }, fields: [column('string', 'id', ['x'])] })
  assert.equal(graphOf([table], {}, format), undefined)
  assert.equal(graphOf([], {}, format), undefined)
})

test('too many nodes are counted, not drawn', () => {
  const ids = Array.from({ length: maxNodes + 5 }, (_, index) => `n${index}`)
  const graph = graphOf([frame({ fields: [column('string', 'id', ids)] }), edges], {}, format)
  assert.equal(graph?.nodes.length, maxNodes)
  assert.equal(graph?.hiddenCount, 7)
  assert.deepEqual(graph?.edges, [])
})
