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
  readonly hasLabel: boolean
  readonly onHover: (isOver: boolean) => void
  readonly onOpen: (x: number, y: number) => void
}

/** An arrow with its numbers beside its middle. */
export function EdgeView(props: Props): ReactNode {
  const { edge, from, to, marker, isPaired, isFaded, hasLabel, onHover, onOpen } = props
  const styles = useStyles2(getStyles)
  const theme = useTheme2()
  const { path, middle } = edgePath(from, to, { isPaired, isLoop: edge.source === edge.target })
  const label = [edge.mainStat, edge.secondaryStat].filter(Boolean).join(' · ')
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
      {hasLabel && label !== '' && (
        <text className={styles.label} x={middle.x} y={middle.y - 5}>
          {label}
        </text>
      )}
    </g>
  )
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
    textAnchor: 'middle',
    fontSize: 10,
    fill: theme.colors.text.secondary,
    paintOrder: 'stroke',
    stroke: theme.components.panel.background,
    strokeWidth: 4,
    pointerEvents: 'none',
  }),
})
