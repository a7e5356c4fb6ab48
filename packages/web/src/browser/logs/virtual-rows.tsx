import { useMemo, useState, type ReactNode } from 'react'
import { rowOffsets, rowsInView } from './row-offsets.ts'

interface Props {
  readonly width: number
  readonly height: number
  readonly heights: readonly number[]
  readonly renderRow: (index: number) => ReactNode
}

/** Draws only the rows that are in view, each at its place. */
export function VirtualRows({ width, height, heights, renderRow }: Props): ReactNode {
  const [top, setTop] = useState(0)
  const offsets = useMemo(() => rowOffsets(heights), [heights])
  const { first, end } = rowsInView(offsets, { top, height, overscan: 10 })
  return (
    <div style={{ width, height, overflow: 'auto' }} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <div style={{ height: offsets.at(-1) ?? 0, position: 'relative' }}>
        <div style={{ position: 'absolute', top: offsets[first] ?? 0, left: 0, right: 0 }}>
          {Array.from({ length: Math.max(0, end - first) }, (_, index) => renderRow(first + index))}
        </div>
      </div>
    </div>
  )
}
