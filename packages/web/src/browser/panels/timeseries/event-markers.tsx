import { dateTimeFormat, type DataFrame, type GrafanaTheme2, type TimeZone } from '@grafana/data'
import { Tooltip, useStyles2, useTheme2, type UPlotConfigBuilder } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { PlotOverlay, type PlotPosition } from './plot-overlay.tsx'

interface Props {
  readonly config: UPlotConfigBuilder
  readonly frames: readonly DataFrame[]
  readonly timeZone: TimeZone
}

/** Annotations: a dashed line at each moment, a shaded stretch for those that last. */
export function EventMarkers({ config, frames, timeZone }: Props): ReactNode {
  return (
    <PlotOverlay config={config}>
      {(position) =>
        frames.flatMap((frame, frameIndex) =>
          Array.from({ length: frame.length }, (_, row) => (
            <Marker key={`${frameIndex}-${row}`} frame={frame} row={row} position={position} timeZone={timeZone} />
          )),
        )
      }
    </PlotOverlay>
  )
}

function Marker(props: {
  readonly frame: DataFrame
  readonly row: number
  readonly position: PlotPosition
  readonly timeZone: TimeZone
}): ReactNode {
  const { frame, row, position, timeZone } = props
  const styles = useStyles2(getStyles)
  const theme = useTheme2()
  const read = (name: string): unknown => frame.fields.find((field) => field.name === name)?.values[row]
  const time = Number(read('time'))
  const timeEnd = Number(read('timeEnd') ?? time)
  const left = position.leftOfTime(time)
  const right = position.leftOfTime(timeEnd)
  if (right < 0 || left > position.width) return null
  const color = theme.visualization.getColorByName(String(read('color') ?? 'blue'))
  const [from, to] = [Math.max(0, left), Math.min(position.width, right)]
  const tags = (read('tags') as string[] | undefined) ?? []
  const content = (
    <div>
      <div>{dateTimeFormat(time, { timeZone })}</div>
      <strong>{String(read('title') ?? '')}</strong>
      <div>{String(read('text') ?? '')}</div>
      <small>{tags.join(', ')}</small>
    </div>
  )
  return (
    <>
      {to - from > 1 && <div className={styles.region} style={{ left: from, width: to - from, background: color }} />}
      <div className={styles.line} style={{ left, borderColor: color }} />
      <Tooltip content={content} placement="bottom">
        <div className={styles.handle} style={{ left: left - 5, borderBottomColor: color }} />
      </Tooltip>
    </>
  )
}

const getStyles = (_theme: GrafanaTheme2) => ({
  region: css({ position: 'absolute', top: 0, bottom: 0, opacity: 0.12, pointerEvents: 'none' }),
  line: css({ position: 'absolute', top: 0, bottom: 0, borderLeft: '1px dashed', pointerEvents: 'none' }),
  handle: css({
    position: 'absolute',
    bottom: 0,
    borderLeft: '5px solid transparent',
    borderRight: '5px solid transparent',
    borderBottom: '7px solid',
    cursor: 'pointer',
    zIndex: 2,
  }),
})
