import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, IconButton, RadioButtonGroup, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react'
import { EdgeLabel, EdgeView } from './edge-view.tsx'
import type { Graph, GraphEdge } from './graph.ts'
import { GraphMenu, type MenuTarget } from './graph-menu.tsx'
import { layoutGraph, type LayoutAlgorithm, type Point } from './layout.ts'
import { NodeView } from './node-view.tsx'
import { fit, pan, zoomAt, type Viewport } from './viewport.ts'

interface Props {
  readonly graph: Graph
  readonly width: number
  readonly height: number
  readonly algorithm: LayoutAlgorithm
  /** The wheel scrolls the page unless Ctrl or ⌘ is held. */
  readonly needsKeyToZoom: boolean
}

const algorithms: { value: LayoutAlgorithm; description: string; label: string }[] = [
  { value: 'layered', label: 'Layered', description: 'From callers to those who are called' },
  { value: 'force', label: 'Force', description: 'Neighbours close to each other' },
  { value: 'grid', label: 'Grid', description: 'In rows' },
]
/** Beyond, labels of edges only show for what is pointed at. */
const maxEdgeLabels = 24
const zoomStep = 1.3

/** The graph with everything around it: zoom, pan, layout, legend, menus. */
export function GraphView({ graph, width, height, algorithm, needsKeyToZoom }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const marker = useId()
  const [layout, setLayout] = useState(algorithm)
  useEffect(() => setLayout(algorithm), [algorithm])
  // New numbers for the same nodes and edges leave everything where it is.
  const shape = JSON.stringify([
    graph.nodes.map(({ id }) => id),
    graph.edges.map(({ source, target }) => [source, target]),
  ])
  const places = useMemo(
    () =>
      layoutGraph(
        graph.nodes.map(({ id }) => id),
        graph.edges,
        layout,
      ),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `shape` stands for the graph
    [shape, layout],
  )
  const [view, setView] = useViewport(places, width, height)
  const [hovered, setHovered] = useState<string>()
  const [menu, setMenu] = useState<MenuTarget>()
  const surface = useRef<SVGSVGElement>(null)
  useWheel(surface, needsKeyToZoom, (place, factor) => setView((old) => zoomAt(old, place, factor)))
  const drag = useDrag((dx, dy) => setView((old) => pan(old, dx, dy)))
  const directions = useMemo(() => new Set(graph.edges.map(({ source, target }) => `${source}\n${target}`)), [graph])
  const placed = (edge: GraphEdge) => ({
    edge,
    from: places.get(edge.source) as Point,
    to: places.get(edge.target) as Point,
    isPaired: directions.has(`${edge.target}\n${edge.source}`),
    isFaded: hovered !== undefined && !touches(edge, hovered),
  })
  const isNear = (id: string, other: string): boolean =>
    graph.edges.some((edge) => touches(edge, other) && (edge.source === id || edge.target === id))
  const center = { x: width / 2, y: height / 2 }
  return (
    <div className={styles.box} style={{ width, height }} data-testid="node-graph">
      <svg
        ref={surface}
        className={styles.surface}
        width={width}
        height={height}
        role="group"
        aria-label={`Graph of ${graph.nodes.length} nodes and ${graph.edges.length} edges`}
        {...drag}
      >
        <defs>
          <marker
            id={marker}
            viewBox="0 0 10 10"
            refX="7"
            refY="5"
            markerUnits="userSpaceOnUse"
            markerWidth="11"
            markerHeight="11"
            orient="auto"
          >
            <path d="M0,1 L9,5 L0,9 Z" fill="context-stroke" />
          </marker>
        </defs>
        <g transform={`translate(${view.shiftX},${view.shiftY}) scale(${view.scale})`}>
          {graph.edges.map((edge) => (
            <EdgeView
              key={edge.id}
              {...placed(edge)}
              marker={marker}
              onHover={(isOver) => setHovered(isOver ? edge.id : undefined)}
              onOpen={(x, y) => setMenu({ x, y, title: `${edge.source} → ${edge.target}`, item: edge })}
            />
          ))}
          {graph.edges
            .filter((edge) => graph.edges.length <= maxEdgeLabels || (hovered !== undefined && touches(edge, hovered)))
            .map((edge) => (
              <EdgeLabel key={edge.id} {...placed(edge)} />
            ))}
          {graph.nodes.map((node) => (
            <NodeView
              key={node.id}
              node={node}
              place={places.get(node.id) as Point}
              isFaded={hovered !== undefined && hovered !== node.id && !isNear(node.id, hovered)}
              onHover={(isOver) => setHovered(isOver ? node.id : undefined)}
              onOpen={(x, y) => setMenu({ x, y, title: node.title || node.id, item: node })}
            />
          ))}
        </g>
      </svg>
      <div className={styles.legend}>
        {graph.legend.map(({ name, color }) => (
          <span key={name}>
            <i style={{ background: color }} /> {name}
          </span>
        ))}
        {graph.hiddenCount > 0 && (
          <span>
            <Icon name="exclamation-triangle" /> {graph.hiddenCount} more nodes are not shown
          </span>
        )}
      </div>
      <div className={styles.tools}>
        <RadioButtonGroup size="sm" aria-label="Layout" options={algorithms} value={layout} onChange={setLayout} />
        <IconButton name="plus" tooltip="Zoom in" onClick={() => setView((old) => zoomAt(old, center, zoomStep))} />
        <IconButton
          name="minus"
          tooltip="Zoom out"
          onClick={() => setView((old) => zoomAt(old, center, 1 / zoomStep))}
        />
        <IconButton
          name="expand-arrows"
          tooltip="Show all"
          onClick={() => setView(() => fit(places.values(), { width, height }))}
        />
      </div>
      {menu && <GraphMenu target={menu} onClose={() => setMenu(undefined)} />}
    </div>
  )
}

/** Whether the id is the edge's own or that of one of its ends. */
function touches({ id, source, target }: GraphEdge, other: string): boolean {
  return id === other || source === other || target === other
}

/** Shows all again when places or size change. */
function useViewport(
  places: ReadonlyMap<string, Point>,
  width: number,
  height: number,
): [Viewport, (change: (old: Viewport) => Viewport) => void] {
  const [view, setView] = useState(() => fit(places.values(), { width, height }))
  useEffect(() => setView(fit(places.values(), { width, height })), [places, width, height])
  return [view, setView]
}

/** React listens to the wheel passively, so that it could not keep the page from scrolling. */
function useWheel(
  surface: React.RefObject<SVGSVGElement | null>,
  needsKey: boolean,
  onZoom: (place: Point, factor: number) => void,
): void {
  const latest = useRef(onZoom)
  latest.current = onZoom
  useEffect(() => {
    const element = surface.current
    if (!element) return undefined
    const listen = (event: WheelEvent): void => {
      if (needsKey && !event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const { left, top } = element.getBoundingClientRect()
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002))
      latest.current({ x: event.clientX - left, y: event.clientY - top }, factor)
    }
    element.addEventListener('wheel', listen, { passive: false })
    return () => element.removeEventListener('wheel', listen)
  }, [surface, needsKey])
}

function useDrag(onMove: (dx: number, dy: number) => void) {
  const last = useRef<Point>(undefined)
  return {
    onPointerDown: (event: React.PointerEvent<SVGSVGElement>): void => {
      // Nodes and edges have clicks of their own.
      if (event.button !== 0 || (event.target as Element).closest('[role="button"]')) return
      last.current = { x: event.clientX, y: event.clientY }
      event.currentTarget.setPointerCapture(event.pointerId)
    },
    onPointerMove: (event: React.PointerEvent<SVGSVGElement>): void => {
      if (!last.current) return
      onMove(event.clientX - last.current.x, event.clientY - last.current.y)
      last.current = { x: event.clientX, y: event.clientY }
    },
    onPointerUp: (): void => {
      last.current = undefined
    },
  }
}

const getStyles = (theme: GrafanaTheme2) => {
  const bar = {
    position: 'absolute' as const,
    display: 'flex',
    alignItems: 'center',
    background: theme.colors.background.primary,
    opacity: 0.95,
    borderRadius: theme.shape.radius.default,
  }
  return {
    box: css({ position: 'relative', overflow: 'hidden' }),
    surface: css({ display: 'block', cursor: 'grab', userSelect: 'none', '&:active': { cursor: 'grabbing' } }),
    legend: css({
      ...bar,
      left: theme.spacing(1),
      bottom: theme.spacing(1),
      gap: theme.spacing(2),
      padding: theme.spacing(0.5, 1),
      fontSize: theme.typography.bodySmall.fontSize,
      color: theme.colors.text.secondary,
      '&:empty': { display: 'none' },
      i: { display: 'inline-block', width: 10, height: 10, borderRadius: '50%', marginRight: 4 },
    }),
    tools: css({
      ...bar,
      right: theme.spacing(1),
      top: theme.spacing(1),
      gap: theme.spacing(0.5),
      padding: theme.spacing(0.5),
    }),
  }
}
