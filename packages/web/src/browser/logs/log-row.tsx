import { useStyles2, useTheme2 } from '@grafana/ui'
import { useEffect, useRef, type ReactNode } from 'react'
import { levelColor } from './level-color.ts'
import { LogDetails } from './log-details.tsx'
import type { LogLine } from './log-line.ts'
import { prettify as prettifyLine } from './prettify.ts'
import { getLogStyles } from './styles.ts'

interface Props {
  readonly line: LogLine
  readonly time: string | undefined
  readonly showLabels: boolean
  readonly wrap: boolean
  readonly prettify: boolean
  readonly canExpand: boolean
  readonly isOpen: boolean
  readonly onToggle: (id: string) => void
  /** Rows differ in height when lines wrap or are open; the list must know. */
  readonly onMeasured: (id: string, pixels: number) => void
}

export function LogRow(props: Props): ReactNode {
  const { line, time, showLabels, wrap, prettify, canExpand, isOpen, onToggle, onMeasured } = props
  const styles = useStyles2(getLogStyles)
  const theme = useTheme2()
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (row.current) onMeasured(line.id, row.current.offsetHeight)
  }, [line.id, isOpen, wrap, prettify, onMeasured])
  const isMultiline = wrap || prettify
  return (
    <div ref={row} className={styles.row} data-open={isOpen}>
      <button
        type="button"
        className={styles.line}
        disabled={!canExpand}
        aria-expanded={isOpen}
        onClick={() => {
          if (getSelection()?.toString() === '') onToggle(line.id)
        }}
      >
        <span className={styles.level} style={{ background: levelColor(line.level, theme) }} title={line.level} />
        {time !== undefined && <span className={styles.time}>{time}</span>}
        {showLabels && <span className={styles.labels}>{labelText(line)}</span>}
        <span className={isMultiline ? styles.wrapped : styles.cut}>
          {prettify ? prettifyLine(line.text) : line.text}
        </span>
      </button>
      {isOpen && <LogDetails line={line} />}
    </div>
  )
}

function labelText(line: LogLine): string {
  return Object.entries(line.labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
