import { dateTimeFormat, type DataFrame, type GrafanaTheme2, type TimeZone } from '@grafana/data'
import { Toggletip, useStyles2, type UPlotConfigBuilder } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { PlotOverlay, type PlotPosition } from './plot-overlay.tsx'

/** Drawing more would cover the graph. */
const maximumPoints = 150

interface Props {
  readonly config: UPlotConfigBuilder
  readonly frames: readonly DataFrame[]
  readonly timeZone: TimeZone
}

/** Exemplars as small squares; a click shows their labels and leads to the trace. */
export function ExemplarPoints({ config, frames, timeZone }: Props): ReactNode {
  return (
    <PlotOverlay config={config}>
      {(position) =>
        frames.flatMap((frame, frameIndex) =>
          shownRows(frame.length).map((row) => (
            <Point key={`${frameIndex}-${row}`} frame={frame} row={row} position={position} timeZone={timeZone} />
          )),
        )
      }
    </PlotOverlay>
  )
}

/** All rows, or evenly chosen ones when there are too many. */
function shownRows(count: number): number[] {
  const shown = Math.min(count, maximumPoints)
  return Array.from({ length: shown }, (_, index) => Math.floor((index * count) / shown))
}

function Point(props: {
  readonly frame: DataFrame
  readonly row: number
  readonly position: PlotPosition
  readonly timeZone: TimeZone
}): ReactNode {
  const { frame, row, position, timeZone } = props
  const styles = useStyles2(getStyles)
  const [time, value] = frame.fields.map(({ values }) => Number(values[row]))
  if (time === undefined || value === undefined) return null
  const left = position.leftOfTime(time)
  const top = position.topOfValue(value)
  if (left < 0 || left > position.width || top === undefined) return null
  const clampedTop = Math.min(Math.max(top, 0), position.height)
  const labels = frame.fields.slice(2).filter(({ values }) => values[row] !== '')
  const content = (
    <table className={styles.labels}>
      <tbody>
        {labels.map(({ name, values, config }) => {
          const url = config.links?.[0]?.url.replace('${__value.raw}', String(values[row]))
          return (
            <tr key={name}>
              <th>{name}</th>
              <td>{url ? <a href={url}>{String(values[row])}</a> : String(values[row])}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
  return (
    <Toggletip title={`Exemplar at ${dateTimeFormat(time, { timeZone })}`} content={content}>
      <button
        type="button"
        aria-label="Exemplar"
        className={styles.point}
        style={{ left: left - 4, top: clampedTop - 4 }}
      />
    </Toggletip>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  point: css({
    position: 'absolute',
    width: 8,
    height: 8,
    padding: 0,
    border: `1px solid ${theme.colors.background.primary}`,
    background: theme.visualization.getColorByName('light-blue'),
    transform: 'rotate(45deg)',
    cursor: 'pointer',
    zIndex: 2,
    '&:hover': { background: theme.visualization.getColorByName('blue') },
  }),
  labels: css({
    'th, td': { padding: theme.spacing(0.25, 1, 0.25, 0), textAlign: 'left', fontWeight: 'normal' },
    th: { color: theme.colors.text.secondary },
    a: { color: theme.colors.text.link },
  }),
})
