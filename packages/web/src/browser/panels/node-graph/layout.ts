export interface Point {
  readonly x: number
  readonly y: number
}

export interface Link {
  readonly source: string
  readonly target: string
}

export type LayoutAlgorithm = 'layered' | 'force' | 'grid'

/** Room that a node takes with its texts. */
const columnWidth = 250
const rowHeight = 150
const sweeps = 8
const forceRounds = 300

/** Places every node; the same input gives the same places. */
export function layoutGraph(
  ids: readonly string[],
  links: readonly Link[],
  algorithm: LayoutAlgorithm,
): ReadonlyMap<string, Point> {
  switch (algorithm) {
    case 'layered':
      return layered(ids, links)
    case 'force':
      return forced(ids, links)
    case 'grid':
      return grid(ids)
  }
}

/** From left to right in the direction of the links; each layer is ordered so that few links cross. */
function layered(ids: readonly string[], links: readonly Link[]): Map<string, Point> {
  const connected = new Set(links.flatMap(({ source, target }) => (source === target ? [] : [source, target])))
  const lonely = ids.filter((id) => !connected.has(id))
  const forward = withoutCycles(
    ids,
    links.filter(({ source, target }) => source !== target),
  )
  const rank = ranksOf(ids, forward)
  const layers: string[][] = []
  for (const id of ids) if (connected.has(id)) (layers[rank.get(id) ?? 0] ??= []).push(id)
  const full = layers.filter((layer) => layer !== undefined)
  orderLayers(full, forward)
  const points = new Map<string, Point>()
  for (const [column, layer] of full.entries()) {
    for (const [row, id] of layer.entries()) {
      points.set(id, { x: column * columnWidth, y: (row - (layer.length - 1) / 2) * rowHeight })
    }
  }
  const tallest = Math.max(0, ...full.map((layer) => layer.length))
  const below = (tallest / 2 + 0.5) * rowHeight
  for (const [id, { x, y }] of grid(lonely)) points.set(id, full.length === 0 ? { x, y } : { x, y: y + below })
  return points
}

/** Turns round the links that lead back to where a walk came from. */
function withoutCycles(ids: readonly string[], links: readonly Link[]): Link[] {
  const outgoing = groupBy(links, ({ source }) => source)
  const incoming = groupBy(links, ({ target }) => target)
  const done = new Set<string>()
  const onPath = new Set<string>()
  const forward: Link[] = []
  const visit = (start: string): void => {
    // Depth first with a stack of its own: a chain may be longer than the call stack allows.
    const stack: { id: string; next: number }[] = [{ id: start, next: 0 }]
    onPath.add(start)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const link = (outgoing.get(top.id) ?? [])[top.next++]
      if (!link) {
        onPath.delete(top.id)
        done.add(top.id)
        stack.pop()
      } else if (onPath.has(link.target)) forward.push({ source: link.target, target: link.source })
      else {
        forward.push(link)
        if (!done.has(link.target)) {
          onPath.add(link.target)
          stack.push({ id: link.target, next: 0 })
        }
      }
    }
  }
  // Walks begin where nothing leads to, so that what is turned round is what leads back.
  const starts = [...ids].sort((a, b) => (incoming.get(a)?.length ?? 0) - (incoming.get(b)?.length ?? 0))
  for (const id of starts) if (!done.has(id)) visit(id)
  return forward
}

/** The longest way to each node. */
function ranksOf(ids: readonly string[], links: readonly Link[]): Map<string, number> {
  const rank = new Map(ids.map((id) => [id, 0]))
  const waiting = new Map(ids.map((id) => [id, 0]))
  const outgoing = groupBy(links, ({ source }) => source)
  for (const { target } of links) waiting.set(target, (waiting.get(target) ?? 0) + 1)
  const ready = ids.filter((id) => waiting.get(id) === 0)
  for (let at = 0; at < ready.length; at++) {
    const id = ready[at] as string
    for (const { target } of outgoing.get(id) ?? []) {
      rank.set(target, Math.max(rank.get(target) ?? 0, (rank.get(id) ?? 0) + 1))
      const left = (waiting.get(target) ?? 0) - 1
      waiting.set(target, left)
      if (left === 0) ready.push(target)
    }
  }
  return rank
}

/** Moves every node to the middle of its neighbours in the layer before, then in the one behind, and so on. */
function orderLayers(layers: readonly string[][], links: readonly Link[]): void {
  const before = groupBy(links, ({ target }) => target)
  const behind = groupBy(links, ({ source }) => source)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const isDown = sweep % 2 === 0
    const place = new Map(layers.flatMap((layer) => layer.map((id, row) => [id, row - (layer.length - 1) / 2])))
    for (const layer of isDown ? layers : layers.toReversed()) {
      const middle = new Map(
        layer.map((id) => {
          const links = (isDown ? before : behind).get(id) ?? []
          const rows = links.map(({ source, target }) => place.get(isDown ? source : target) ?? 0)
          const own = place.get(id) ?? 0
          return [id, rows.length === 0 ? own : rows.reduce((sum, row) => sum + row, 0) / rows.length]
        }),
      )
      layer.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0))
      for (const [row, id] of layer.entries()) place.set(id, row - (layer.length - 1) / 2)
    }
  }
}

/** Nodes push each other away, links pull them together (Fruchterman and Reingold 1991), starting from the layers. */
function forced(ids: readonly string[], links: readonly Link[]): Map<string, Point> {
  const start = layered(ids, links)
  const count = ids.length
  const indexOf = new Map(ids.map((id, index) => [id, index]))
  const x = Float64Array.from(ids, (id, index) => (start.get(id)?.x ?? 0) + (index % 7))
  const y = Float64Array.from(ids, (id, index) => (start.get(id)?.y ?? 0) + (index % 5))
  const pushX = new Float64Array(count)
  const pushY = new Float64Array(count)
  const ideal = 190
  const pairs = links
    .map(({ source, target }) => [indexOf.get(source) ?? 0, indexOf.get(target) ?? 0] as const)
    .filter(([a, b]) => a !== b)
  for (let round = 0; round < forceRounds; round++) {
    pushX.fill(0)
    pushY.fill(0)
    const act = (a: number, b: number, strength: (distance: number) => number): void => {
      const [dx, dy] = [(x[a] as number) - (x[b] as number), (y[a] as number) - (y[b] as number)]
      const distance = Math.max(1, Math.hypot(dx, dy))
      const force = strength(distance) / distance
      pushX[a] = (pushX[a] as number) + dx * force
      pushY[a] = (pushY[a] as number) + dy * force
      pushX[b] = (pushX[b] as number) - dx * force
      pushY[b] = (pushY[b] as number) - dy * force
    }
    for (let a = 0; a < count; a++) {
      for (let b = a + 1; b < count; b++) act(a, b, (distance) => (ideal * ideal) / distance)
    }
    for (const [a, b] of pairs) act(a, b, (distance) => -(distance * distance) / ideal)
    const heat = ideal * (1 - round / forceRounds)
    for (let index = 0; index < count; index++) {
      // A weak pull to the middle keeps parts together that no link connects.
      const [fx, fy] = [
        (pushX[index] as number) - (x[index] as number) * 0.3,
        (pushY[index] as number) - (y[index] as number) * 0.3,
      ]
      const size = Math.max(1, Math.hypot(fx, fy))
      x[index] = (x[index] as number) + (fx / size) * Math.min(size, heat)
      y[index] = (y[index] as number) + (fy / size) * Math.min(size, heat)
    }
  }
  return new Map(ids.map((id, index) => [id, { x: x[index] as number, y: y[index] as number }]))
}

function grid(ids: readonly string[]): Map<string, Point> {
  const columns = Math.ceil(Math.sqrt(ids.length * 1.5))
  return new Map(
    ids.map((id, index) => [id, { x: (index % columns) * columnWidth, y: Math.floor(index / columns) * rowHeight }]),
  )
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
