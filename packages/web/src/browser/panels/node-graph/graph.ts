import type { DataFrame, Field } from '@grafana/data'

/** A graph as Grafana's nodes and edges frames describe it, ready to be laid out and drawn. */
export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly legend: readonly { readonly name: string; readonly color: string }[]
  /** Nodes that are left out because there are too many. */
  readonly hiddenCount: number
}

/** Which row of which frame something was made of: there its data links are found. */
export interface GraphRow {
  readonly frame: DataFrame
  readonly index: number
}

export interface GraphNode {
  readonly id: string
  readonly title: string
  readonly subTitle: string
  readonly mainStat: string
  readonly secondaryStat: string
  /** Parts of the ring, together at most 1. */
  readonly arcs: readonly { readonly share: number; readonly color: string }[]
  /** Of the whole ring, when there are no arcs. */
  readonly color: string
  readonly icon: string
  readonly isHighlighted: boolean
  readonly details: readonly Detail[]
  /** Missing for a node that only edges name. */
  readonly row: GraphRow | undefined
}

export interface GraphEdge {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly mainStat: string
  readonly secondaryStat: string
  readonly color: string
  readonly thickness: number
  readonly dash: string
  readonly details: readonly Detail[]
  readonly row: GraphRow
}

export interface Detail {
  readonly name: string
  readonly value: string
}

export interface GraphOptions {
  readonly nodes?: {
    readonly mainStatUnit?: string
    readonly secondaryStatUnit?: string
    readonly arcs?: readonly { readonly field?: string; readonly color?: string }[]
  }
  readonly edges?: { readonly mainStatUnit?: string; readonly secondaryStatUnit?: string }
}

/** What only the library and the theme know. */
export interface GraphFormat {
  text(value: unknown, field: Field, unit: string | undefined): string
  /** A colour of the field at a value, or of a name. */
  color(value: unknown, field: Field | undefined): string
}

/** Most nodes that are drawn; the rest is counted. */
export const maxNodes = 200

/** @returns nothing when no frame describes nodes or edges */
export function graphOf(frames: readonly DataFrame[], options: GraphOptions, format: GraphFormat): Graph | undefined {
  const edgeFrames = frames.filter((frame) => fieldOf(frame, 'source') && fieldOf(frame, 'target'))
  const nodeFrames = frames.filter((frame) => fieldOf(frame, 'id') && !edgeFrames.includes(frame) && isGraph(frame))
  if (nodeFrames.length === 0 && edgeFrames.length === 0) return undefined
  const edges = edgeFrames.flatMap((frame) => edgesOf(frame, options, format))
  const byId = new Map<string, GraphNode>()
  for (const frame of nodeFrames) for (const node of nodesOf(frame, options, format)) byId.set(node.id, node)
  for (const { source, target } of edges) {
    for (const id of [source, target]) if (!byId.has(id)) byId.set(id, bareNode(id))
  }
  const nodes = [...byId.values()].slice(0, maxNodes)
  const shown = new Set(nodes.map(({ id }) => id))
  return {
    nodes,
    edges: edges.filter(({ source, target }) => shown.has(source) && shown.has(target)),
    legend: nodeFrames.flatMap((frame) => arcFields(frame, options)).map((arc) => legendOf(arc, format)),
    hiddenCount: byId.size - nodes.length,
  }
}

/** Any frame with an id could be meant, unless it says that it is something else. */
function isGraph({ meta }: DataFrame): boolean {
  const preferred = meta?.preferredVisualisationType
  return preferred === undefined || preferred === 'nodeGraph'
}

function nodesOf(frame: DataFrame, options: GraphOptions, format: GraphFormat): GraphNode[] {
  const read = reader(frame, format)
  const arcs = arcFields(frame, options)
  return Array.from({ length: frame.length }, (_, index) => ({
    id: read.raw('id', index),
    title: read.raw('title', index),
    subTitle: read.raw('subtitle', index),
    mainStat: read.text('mainstat', index, options.nodes?.mainStatUnit),
    secondaryStat: read.text('secondarystat', index, options.nodes?.secondaryStatUnit),
    arcs: arcs.flatMap(({ color, field }) => {
      const share = Number(field.values[index] as unknown)
      return share > 0 ? [{ share: Math.min(1, share), color: format.color(color, undefined) }] : []
    }),
    color: read.color(index),
    icon: read.raw('icon', index),
    isHighlighted: read.raw('highlighted', index) === 'true',
    details: read.details(index),
    row: { frame, index },
  }))
}

function edgesOf(frame: DataFrame, options: GraphOptions, format: GraphFormat): GraphEdge[] {
  const read = reader(frame, format)
  return Array.from({ length: frame.length }, (_, index) => {
    const [source, target] = [read.raw('source', index), read.raw('target', index)]
    const thickness = Number(read.raw('thickness', index))
    return {
      id: read.raw('id', index) || `${source}→${target}`,
      source,
      target,
      mainStat: read.text('mainstat', index, options.edges?.mainStatUnit),
      secondaryStat: read.text('secondarystat', index, options.edges?.secondaryStatUnit),
      color: read.color(index),
      thickness: thickness > 0 ? Math.min(12, thickness) : 1,
      dash: read.raw('strokedasharray', index),
      details: read.details(index),
      row: { frame, index },
    }
  })
}

function bareNode(id: string): GraphNode {
  return {
    id,
    title: id,
    subTitle: '',
    mainStat: '',
    secondaryStat: '',
    arcs: [],
    color: '',
    icon: '',
    isHighlighted: false,
    details: [],
    row: undefined,
  }
}

function reader(frame: DataFrame, format: GraphFormat) {
  const values = (name: string, index: number): unknown => fieldOf(frame, name)?.values[index] as unknown
  const raw = (name: string, index: number): string => {
    const value = values(name, index)
    return value === undefined || value === null ? '' : String(value)
  }
  return {
    raw,
    text(name: string, index: number, unit: string | undefined): string {
      const field = fieldOf(frame, name)
      const value = values(name, index)
      return field === undefined || value === undefined || value === null ? '' : format.text(value, field, unit)
    },
    color(index: number): string {
      const field = fieldOf(frame, 'color')
      const value = values('color', index)
      return field === undefined || value === undefined || value === null ? '' : format.color(value, field)
    },
    details(index: number): Detail[] {
      return frame.fields.flatMap((field) => {
        const match = /^detail__(.+)$/.exec(field.name)
        const value = field.values[index] as unknown
        if (!match || value === undefined || value === null || value === '') return []
        return [{ name: field.config.displayName ?? (match[1] as string), value: format.text(value, field, undefined) }]
      })
    },
  }
}

interface ArcField {
  readonly field: Field
  readonly color: string
}

/** `arc__…` columns with their fixed colours; the panel's own choice of columns goes before. */
function arcFields(frame: DataFrame, { nodes }: GraphOptions): ArcField[] {
  const chosen = (nodes?.arcs ?? []).flatMap(({ color, field: name }) => {
    const field = frame.fields.find((candidate) => candidate.name === name)
    return field ? [{ field, color: color ?? '' }] : []
  })
  if (chosen.length > 0) return chosen
  return frame.fields
    .filter(({ name }) => name.toLowerCase().startsWith('arc__'))
    .map((field) => ({ field, color: field.config.color?.fixedColor ?? 'gray' }))
}

function legendOf({ color, field }: ArcField, format: GraphFormat): { name: string; color: string } {
  const name = field.config.displayName ?? field.name.replace(/^arc__/i, '')
  return { name, color: format.color(color, undefined) }
}

/** Names are compared without regard to case, as Grafana does. */
function fieldOf(frame: DataFrame, name: string): Field | undefined {
  return frame.fields.find((field) => field.name.toLowerCase() === name)
}
