import type { GrafanaTheme2, LinkModel } from '@grafana/data'
import { ContextMenu, MenuItem, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import type { GraphEdge, GraphNode, GraphRow } from './graph.ts'

export interface MenuTarget {
  /** Of the window. */
  readonly x: number
  readonly y: number
  readonly title: string
  readonly item: GraphNode | GraphEdge
}

/** What a node or an edge is and where it leads. */
export function GraphMenu({
  target,
  onClose,
}: {
  readonly target: MenuTarget
  readonly onClose: () => void
}): ReactNode {
  const styles = useStyles2(getStyles)
  const { item, title, x, y } = target
  const links = linksOf(item.row)
  const facts = [...statsOf(item), ...item.details]
  return (
    <ContextMenu
      x={x}
      y={y}
      onClose={onClose}
      renderHeader={() => (
        <div className={styles.header}>
          <b>{title}</b>
          {facts.map(({ name, value }) => (
            <div key={name}>
              <span>{name}</span> {value}
            </div>
          ))}
        </div>
      )}
      renderMenuItems={() =>
        links.map(({ href, onClick, target: where, title: text }, index) => (
          <MenuItem
            key={index}
            label={text}
            url={href}
            {...(where ? { target: where } : {})}
            {...(onClick ? { onClick: (event: React.SyntheticEvent) => onClick(event) } : {})}
          />
        ))
      }
    />
  )
}

function statsOf(item: GraphNode | GraphEdge): { name: string; value: string }[] {
  const nameOf = (column: string): string => {
    const field = item.row?.frame.fields.find(({ name }) => name.toLowerCase() === column)
    return field?.config.displayName ?? ''
  }
  return [
    { name: nameOf('mainstat'), value: item.mainStat },
    { name: nameOf('secondarystat'), value: item.secondaryStat },
  ].filter(({ value }) => value !== '')
}

function linksOf(row: GraphRow | undefined): LinkModel[] {
  return row?.frame.fields.flatMap((field) => field.getLinks?.({ valueRowIndex: row.index }) ?? []) ?? []
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    padding: theme.spacing(1, 2),
    fontSize: theme.typography.bodySmall.fontSize,
    b: { fontSize: theme.typography.body.fontSize },
    span: { color: theme.colors.text.secondary, marginRight: theme.spacing(1) },
  }),
})
