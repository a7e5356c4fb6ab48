import { Button, FilterInput, useStyles2 } from '@grafana/ui'
import type { ReactNode } from 'react'
import { collapsedAtDepth } from './layout.ts'
import { getTraceStyles } from './styles.ts'
import type { Trace } from './trace.ts'

interface Props {
  readonly trace: Trace
  readonly search: string
  readonly matchCount: number | undefined
  readonly onSearch: (search: string) => void
  readonly onCollapse: (collapsed: ReadonlySet<string>) => void
}

export function TraceToolbar({ trace, search, matchCount, onSearch, onCollapse }: Props): ReactNode {
  const styles = useStyles2(getTraceStyles)
  return (
    <div className={styles.toolbar}>
      <FilterInput width={40} placeholder="Find a service, span or attribute" value={search} onChange={onSearch} />
      {matchCount !== undefined && (
        <Button size="md" fill="text" variant="secondary" disabled>{`${matchCount} found`}</Button>
      )}
      <Button variant="secondary" icon="angle-double-down" onClick={() => onCollapse(new Set())}>
        Expand all
      </Button>
      <Button variant="secondary" icon="angle-double-up" onClick={() => onCollapse(collapsedAtDepth(trace, 1))}>
        Collapse
      </Button>
    </div>
  )
}
