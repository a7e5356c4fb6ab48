import { dateTimeFormat, type TimeZone } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { LogLine } from './log-line.ts'
import { LogRow } from './log-row.tsx'
import { getLogStyles } from './styles.ts'
import { VirtualRows } from './virtual-rows.tsx'

const rowHeight = 22

interface Props {
  readonly lines: readonly LogLine[]
  readonly width: number
  readonly height: number
  readonly timeZone: TimeZone
  readonly showTime: boolean
  readonly showLabels: boolean
  readonly wrap: boolean
  readonly prettify: boolean
  readonly canExpand: boolean
  readonly order: 'Descending' | 'Ascending'
}

/** Lines of a log, as many as one likes: only those in view are drawn. A click on a line opens its fields. */
export function LogList(props: Props): ReactNode {
  const { lines, width, height, timeZone, order, wrap, prettify } = props
  const styles = useStyles2(getLogStyles)
  const [measuredHeights, setMeasuredHeights] = useState<ReadonlyMap<string, number>>(new Map())
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const sorted = useMemo(() => sortLines(lines, order), [lines, order])
  useEffect(() => setMeasuredHeights(new Map()), [wrap, prettify, width])
  const heights = useMemo(() => sorted.map(({ id }) => measuredHeights.get(id) ?? rowHeight), [sorted, measuredHeights])
  const toggle = useCallback((id: string) => {
    setOpen((old) => {
      const next = new Set(old)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }, [])
  const onMeasured = useCallback((id: string, pixels: number) => {
    setMeasuredHeights((old) =>
      Math.abs((old.get(id) ?? rowHeight) - pixels) < 1 ? old : new Map(old).set(id, pixels),
    )
  }, [])
  const renderRow = (index: number): ReactNode => {
    const line = sorted[index]
    if (!line) return null
    const format = 'YYYY-MM-DD HH:mm:ss.SSS'
    return (
      <LogRow
        key={line.id}
        line={line}
        time={props.showTime ? dateTimeFormat(line.timeMs, { timeZone, format }) : undefined}
        showLabels={props.showLabels}
        wrap={wrap}
        prettify={prettify}
        canExpand={props.canExpand}
        isOpen={open.has(line.id)}
        onToggle={toggle}
        onMeasured={onMeasured}
      />
    )
  }
  return (
    <div className={styles.list} data-testid="log-list">
      <VirtualRows width={width} height={height} heights={heights} renderRow={renderRow} />
    </div>
  )
}

/** By nanoseconds; equal times keep their order. */
function sortLines(lines: readonly LogLine[], order: 'Descending' | 'Ascending'): LogLine[] {
  const sign = order === 'Ascending' ? 1 : -1
  return [...lines].sort((a, b) => sign * (a.timeMs - b.timeMs || compareText(a.timeNs, b.timeNs)))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
