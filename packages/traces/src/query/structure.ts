import type { StructuralOp } from './ast.ts'

/**
 * A span's place in its trace as a nested set: an ancestor's interval encloses its descendants'. `parent` is the parent's
 * `left`, -1 for a root. All are 0 for a span that no known root leads to.
 */
export interface TreePosition {
  readonly left: number
  readonly right: number
  readonly parent: number
}

/**
 * For each span of `candidates` whether some span of `others` stands to it as `op` says: `others op candidates`.
 * Sorted intervals are searched, so that traces of many thousand spans cost n log n.
 */
export function related<T>(
  op: StructuralOp,
  others: readonly T[],
  candidates: readonly T[],
  positionOf: (span: T) => TreePosition,
): boolean[] {
  const places = others.map(positionOf).filter(({ left }) => left !== 0)
  const test = TESTS[op](places, new Set(others), positionOf)
  return candidates.map((span) => positionOf(span).left !== 0 && test(positionOf(span), span))
}

type Test = (place: TreePosition, span: unknown) => boolean
type MakeTest = (places: TreePosition[], others: Set<unknown>, positionOf: (span: never) => TreePosition) => Test

const TESTS: Record<StructuralOp, MakeTest> = {
  '>': (places) => {
    const lefts = new Set(places.map(({ left }) => left))
    return ({ parent }) => lefts.has(parent)
  },
  '<': (places) => {
    const parents = new Set(places.map(({ parent }) => parent))
    return ({ left }) => parents.has(left)
  },
  '>>': (places) => {
    // Intervals never overlap partly: only the outermost ones matter.
    const outermost: TreePosition[] = []
    for (const place of places.toSorted((a, b) => a.left - b.left)) {
      const last = outermost.at(-1)
      if (last === undefined || place.left > last.right) outermost.push(place)
    }
    return ({ left, right }) => {
      const enclosing = outermost[lastBelow(outermost, left)]
      return enclosing !== undefined && right < enclosing.right
    }
  },
  '<<': (places) => {
    const sorted = places.toSorted((a, b) => a.left - b.left)
    return ({ left, right }) => {
      let next = lastBelow(sorted, left) + 1
      while (next < sorted.length && sorted[next].left === left) next++
      return next < sorted.length && sorted[next].left < right
    }
  },
  '~': (places, others) => {
    const counts = new Map<number, number>()
    for (const { parent } of places) counts.set(parent, (counts.get(parent) ?? 0) + 1)
    return ({ parent }, span) => parent !== 0 && (counts.get(parent) ?? 0) > (others.has(span) ? 1 : 0)
  },
}

/** Index of the last place that begins before `left`, or -1. */
function lastBelow(sorted: readonly TreePosition[], left: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle].left < left) low = middle + 1
    else high = middle
  }
  return low - 1
}

export interface TreeNode {
  readonly id: string
  /** '' for a root. */
  readonly parentId: string
}

/** Positions of all spans of a trace. Spans in cycles or under an unknown parent stay unconnected. */
export function buildTree(nodes: readonly TreeNode[]): TreePosition[] {
  const children = new Map<string, number[]>()
  const roots: number[] = []
  for (const [index, node] of nodes.entries()) {
    if (node.parentId === '') roots.push(index)
    else {
      const siblings = children.get(node.parentId)
      if (siblings === undefined) children.set(node.parentId, [index])
      else siblings.push(index)
    }
  }
  const positions: { left: number; right: number; parent: number }[] = nodes.map(() => ({
    left: 0,
    right: 0,
    parent: 0,
  }))
  let next = 1
  for (const root of roots) {
    positions[root] = { left: next++, right: 0, parent: -1 }
    // An explicit stack: a chain of 100 000 spans must not overflow the call stack.
    const stack = [{ index: root, remaining: [...(children.get(nodes[root].id) ?? [])] }]
    children.delete(nodes[root].id)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const child = top.remaining.shift()
      if (child === undefined) {
        positions[top.index].right = next++
        stack.pop()
        continue
      }
      positions[child] = { left: next++, right: 0, parent: positions[top.index].left }
      stack.push({ index: child, remaining: children.get(nodes[child].id) ?? [] })
      children.delete(nodes[child].id)
    }
  }
  return positions
}
