import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2, useTheme2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import { edgePath } from './edge-path.ts'
import type { GraphEdge } from './graph.ts'
import type { Point } from './layout.ts'
import { openOn } from './open-on.ts'

interface Props {
  readonly edge: GraphEdge
  readonly from: Point
  readonly to: Point
  readonly marker: string
  readonly isPaired: boolean
  readonly isFaded: boolean
  readonly onHover: (isOver: boolean) => void
  readonly onOpen: (x: number, y: number) => void
}

/** An arrow from caller to callee. */
export function EdgeView(props: Props): ReactNode {
  const { edge, from, to, marker, isPaired, isFaded, onHover, onOpen } = props
  const styles = useStyles2(getStyles)
  const theme = useTheme2()
  const { path } = edgePath(from, to, { isPaired, isLoop: edge.source === edge.target })
  const label = labelOf(edge)
  return (
    <g
      className={cx(styles.edge, isFaded && styles.faded)}
      aria-label={`${edge.source} to ${edge.target}${label === '' ? '' : `, ${label}`}`}
      onPointerEnter={() => onHover(true)}
      onPointerLeave={() => onHover(false)}
      {...openOn(onOpen)}
    >
      {/* Wide enough to be pointed at. */}
      <path d={path} fill="none" stroke="transparent" strokeWidth={16} />
      <path
        d={path}
        className={styles.line}
        stroke={edge.color || theme.colors.text.disabled}
        strokeWidth={edge.thickness}
        strokeDasharray={edge.dash || undefined}
        markerEnd={`url(#${marker})`}
      />
    </g>
  )
}

/** An edge's numbers on its middle; drawn above all edges, so that no other one crosses them. */
export function EdgeLabel(props: Pick<Props, 'edge' | 'from' | 'to' | 'isPaired' | 'isFaded'>): ReactNode {
  const { edge, from, to, isPaired, isFaded } = props
  const styles = useStyles2(getStyles)
  const label = labelOf(edge)
  if (label === '') return null
  const { middle } = edgePath(from, to, { isPaired, isLoop: edge.source === edge.target })
  const width = label.length * charWidth + 10
  return (
    <g className={cx(styles.label, isFaded && styles.faded)} transform={`translate(${middle.x},${middle.y})`}>
      <rect x={-width / 2} y={-8} width={width} height={16} rx={8} />
      <text y={3.5}>{label}</text>
    </g>
  )
}

/** Of the label's small type, roughly; the text is centred, so that it only has to be wide enough. */
const charWidth = 5.2

function labelOf({ mainStat, secondaryStat }: GraphEdge): string {
  return [mainStat, secondaryStat].filter(Boolean).join(' · ')
}

const getStyles = (theme: GrafanaTheme2) => ({
  edge: css({
    cursor: 'pointer',
    outline: 'none',
    transition: 'opacity 120ms',
    '&:hover path + path, &:focus-visible path + path': { stroke: theme.colors.primary.border },
  }),
  faded: css({ opacity: 0.2 }),
  line: css({ fill: 'none' }),
  label: css({
    pointerEvents: 'none',
    transition: 'opacity 120ms',
    rect: { fill: theme.components.panel.background, opacity: 0.92 },
    text: { textAnchor: 'middle', fontSize: 10, fill: theme.colors.text.secondary },
  }),
})
