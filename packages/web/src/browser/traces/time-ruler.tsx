import { useStyles2 } from '@grafana/ui'
import type { ReactNode } from 'react'
import { formatDuration, rulerTicks, type TimeWindow } from './layout.ts'
import { getTraceStyles } from './styles.ts'

export function TimeRuler({ window }: { readonly window: TimeWindow }): ReactNode {
  const styles = useStyles2(getTraceStyles)
  const ticks = rulerTicks(window)
  return (
    <div className={styles.ruler}>
      <div className={styles.rulerName}>Service and operation</div>
      <div className={styles.timeline}>
        {ticks.map((tick, index) => {
          const isLast = index === ticks.length - 1
          const style = isLast ? { right: 0, border: 0, paddingRight: 4 } : { left: `${index * 25}%` }
          return (
            <span key={index} className={styles.tick} style={style}>
              {formatDuration(tick)}
            </span>
          )
        })}
      </div>
    </div>
  )
}
