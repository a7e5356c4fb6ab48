import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StructuralOp } from './ast.ts'
import { buildTree, related } from './structure.ts'
import type { TreeNode } from './structure.ts'

/** By walking parents, the slow and plain way. */
function isRelated(op: StructuralOp, other: number, span: number, nodes: readonly TreeNode[]): boolean {
  const parentOf = (index: number): number => nodes.findIndex(({ id }) => id === nodes[index].parentId)
  const isAncestor = (above: number, below: number): boolean => {
    for (let at = parentOf(below); at >= 0; at = parentOf(at)) if (at === above) return true
    return false
  }
  switch (op) {
    case '>':
      return parentOf(span) === other
    case '<':
      return parentOf(other) === span
    case '>>':
      return isAncestor(other, span)
    case '<<':
      return isAncestor(span, other)
    case '~':
      return other !== span && nodes[other].parentId === nodes[span].parentId
  }
}

describe('structural operators', () => {
  it('agree with walking the parents', () => {
    const seed = Date.now() % 1_000_000
    let state = seed
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let round = 0; round < 200; round++) {
      const nodes = Array.from({ length: 1 + random(14) }, (_, index) => ({
        id: `${index + 1}`,
        parentId: index === 0 ? '' : `${1 + random(index)}`,
      }))
      const positions = buildTree(nodes)
      const pick = (): number[] => nodes.map((_, index) => index).filter(() => random(2) === 0)
      const [others, candidates] = [pick(), pick()]
      for (const op of ['>', '<', '>>', '<<', '~'] as const) {
        assert.deepEqual(
          related(op, others, candidates, (index) => positions[index]),
          candidates.map((span) => others.some((other) => isRelated(op, other, span, nodes))),
          `seed ${seed}, round ${round}: ${others.join()} ${op} ${candidates.join()} in ${JSON.stringify(nodes)}`,
        )
      }
    }
  })

  it('leaves spans of cycles and under unknown parents unconnected', () => {
    const positions = buildTree([
      { id: 'a', parentId: 'b' },
      { id: 'b', parentId: 'a' },
      { id: 'c', parentId: 'gone' },
      { id: 'r', parentId: '' },
    ])
    assert.deepEqual(
      positions.map(({ left }) => left),
      [0, 0, 0, 1],
    )
  })

  it('takes a chain of 100 000 spans', () => {
    const nodes = Array.from({ length: 100_000 }, (_, index) => ({
      id: `${index}`,
      parentId: index === 0 ? '' : `${index - 1}`,
    }))
    assert.deepEqual(buildTree(nodes)[99_999], { left: 100_000, right: 100_001, parent: 99_999 })
  })
})
