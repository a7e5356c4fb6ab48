import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2, useTheme2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import { arcPath, nodeRadius } from './edge-path.ts'
import type { GraphNode } from './graph.ts'
import type { Point } from './layout.ts'
import { openOn } from './open-on.ts'

interface Props {
  readonly node: GraphNode
  readonly place: Point
  readonly isFaded: boolean
  readonly onHover: (isOver: boolean) => void
  readonly onOpen: (x: number, y: number) => void
}

const ringWidth = 5
const maxTitle = 24

/** A ring that shows shares, numbers inside of it, its name below. */
export function NodeView({ node, place, isFaded, onHover, onOpen }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const theme = useTheme2()
  const title = node.title || node.id
  let from = 0
  return (
    <g
      transform={`translate(${place.x},${place.y})`}
      className={cx(styles.node, isFaded && styles.faded)}
      aria-label={[title, node.subTitle, node.mainStat, node.secondaryStat].filter(Boolean).join(', ')}
      onPointerEnter={() => onHover(true)}
      onPointerLeave={() => onHover(false)}
      {...openOn(onOpen)}
    >
      <title>{title}</title>
      <circle r={nodeRadius} className={cx(styles.disc, node.isHighlighted && styles.highlighted)} />
      {node.arcs.length === 0 ? (
        <circle
          r={nodeRadius - ringWidth / 2}
          fill="none"
          stroke={node.color || theme.colors.border.strong}
          strokeWidth={node.color ? ringWidth : 2}
        />
      ) : (
        node.arcs.map(({ color, share }, index) => {
          const path = arcPath(from, share, nodeRadius - ringWidth / 2)
          from += share
          return <path key={index} d={path} fill="none" stroke={color} strokeWidth={ringWidth} />
        })
      )}
      <text className={styles.stat} y={node.secondaryStat ? -4 : 4}>
        {node.mainStat}
      </text>
      <text className={styles.stat} y={11}>
        {node.secondaryStat}
      </text>
      <text className={styles.title} y={nodeRadius + 19}>
        {title.length > maxTitle ? `${title.slice(0, maxTitle - 1)}…` : title}
      </text>
      <text className={styles.subTitle} y={nodeRadius + 35}>
        {node.subTitle}
      </text>
    </g>
  )
}

const getStyles = (theme: GrafanaTheme2) => {
  const text = { textAnchor: 'middle' as const, fill: theme.colors.text.primary, pointerEvents: 'none' as const }
  return {
    node: css({
      cursor: 'pointer',
      outline: 'none',
      transition: 'opacity 120ms',
      '&:hover circle:first-of-type, &:focus-visible circle:first-of-type': {
        stroke: theme.colors.primary.border,
        strokeWidth: 6,
      },
    }),
    faded: css({ opacity: 0.3 }),
    disc: css({ fill: theme.components.panel.background }),
    highlighted: css({ stroke: theme.colors.primary.border, strokeWidth: 4 }),
    stat: css({ ...text, fontSize: 10.5 }),
    title: css({
      ...text,
      fontSize: 13,
      fontWeight: theme.typography.fontWeightMedium,
      paintOrder: 'stroke',
      stroke: theme.components.panel.background,
      strokeWidth: 4,
    }),
    subTitle: css({ ...text, fontSize: 11, fill: theme.colors.text.secondary }),
  }
}
