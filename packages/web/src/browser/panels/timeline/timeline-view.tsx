import {
  dateTimeForTimeZone,
  dateTimeFormat,
  getFieldDisplayName,
  type AbsoluteTimeRange,
  type DataFrame,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data'
import { measureText, Portal, useStyles2, useTheme2, VizTooltipContainer } from '@grafana/ui'
import { css } from '@emotion/css'
import { useMemo, useState, type PointerEvent, type ReactNode } from 'react'
import { appearanceOf } from './appearance.ts'
import type { Segment, TimelineRow } from './segments.ts'
import { timeTicks } from './ticks.ts'

const axisHeight = 22
const fontSize = 12
/** Narrower than this a pointer does not mean to choose a time. */
const smallestSelection = 4

export type ShowValue = 'auto' | 'always' | 'never'

interface Props {
  readonly rows: readonly TimelineRow[]
  readonly frames: readonly DataFrame[]
  readonly width: number
  readonly height: number
  readonly timeRange: TimeRange
  readonly timeZone: string
  /** Part of a row that is drawn, 0 to 1. */
  readonly rowHeight: number
  /** Part of a cell that is drawn, 0 to 1. */
  readonly columnWidth: number
  readonly showValue: ShowValue
  readonly alignValue: 'left' | 'center' | 'right'
  readonly fillOpacity: number
  readonly lineWidth: number
  readonly hasTooltip: boolean
  readonly onChangeTimeRange: (range: AbsoluteTimeRange) => void
}

interface Pointed {
  readonly row: TimelineRow
  readonly segment: Segment
  readonly x: number
  readonly y: number
}

/** Rows of coloured stretches over a shared time axis. Choosing a stretch of time with the pointer zooms into it. */
export function TimelineView(props: Props): ReactNode {
  const { rows, frames, width, height, timeRange, timeZone } = props
  const theme = useTheme2()
  const styles = useStyles2(getStyles)
  const [pointed, setPointed] = useState<Pointed>()
  const [selection, setSelection] = useState<{ readonly start: number; readonly end: number }>()
  const names = useMemo(
    () => rows.map(({ field, frame }) => getFieldDisplayName(field, frame, [...frames])),
    [rows, frames],
  )
  const labelWidth = useMemo(() => widthOfNames(names, width), [names, width])
  const plotWidth = Math.max(10, width - labelWidth - 4)
  const plotHeight = Math.max(10, height - axisHeight)
  const step = plotHeight / Math.max(1, rows.length)
  const [fromMs, toMs] = [timeRange.from.valueOf(), timeRange.to.valueOf()]
  const leftOf = (timeMs: number): number => ((timeMs - fromMs) / Math.max(1, toMs - fromMs)) * plotWidth
  const timeAt = (left: number): number => fromMs + (left / plotWidth) * (toMs - fromMs)

  const point = (event: PointerEvent<SVGRectElement>): void => {
    const box = event.currentTarget.getBoundingClientRect()
    const left = event.clientX - box.left
    if (selection) return setSelection({ ...selection, end: Math.min(plotWidth, Math.max(0, left)) })
    const row = rows[Math.floor((event.clientY - box.top) / step)]
    const timeMs = timeAt(left)
    const segment = row?.segments.find((candidate) => candidate.fromMs <= timeMs && timeMs < candidate.toMs)
    setPointed(row && segment ? { row, segment, x: event.clientX, y: event.clientY } : undefined)
  }
  const startSelection = (event: PointerEvent<SVGRectElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId)
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left
    setSelection({ start: left, end: left })
    setPointed(undefined)
  }
  const endSelection = (): void => {
    if (selection && Math.abs(selection.end - selection.start) >= smallestSelection) {
      const [from, to] = [selection.start, selection.end].sort((a, b) => a - b) as [number, number]
      props.onChangeTimeRange({ from: Math.round(timeAt(from)), to: Math.round(timeAt(to)) })
    }
    setSelection(undefined)
  }
  return (
    <>
      <svg width={width} height={height} className={styles.svg} role="img" aria-label="Timeline">
        {names.map((name, index) => (
          <text key={index} x={labelWidth - 8} y={step * (index + 0.5)} className={styles.name}>
            <title>{name}</title>
            {shorten(name, labelWidth - 10)}
          </text>
        ))}
        <g transform={`translate(${labelWidth} 0)`}>
          <Axis
            fromMs={fromMs}
            toMs={toMs}
            width={plotWidth}
            top={plotHeight}
            leftOf={leftOf}
            timeZone={timeZone}
            color={theme.colors.border.weak}
          />
          {rows.map((row, index) => (
            <Row key={index} {...props} row={row} top={step * index} height={step} leftOf={leftOf} />
          ))}
          {selection && (
            <rect
              x={Math.min(selection.start, selection.end)}
              width={Math.abs(selection.end - selection.start)}
              height={plotHeight}
              className={styles.selection}
            />
          )}
          <rect
            width={plotWidth}
            height={plotHeight}
            fill="transparent"
            data-testid="timeline"
            onPointerMove={point}
            onPointerLeave={() => setPointed(undefined)}
            onPointerDown={startSelection}
            onPointerUp={endSelection}
          />
        </g>
      </svg>
      {pointed && props.hasTooltip && (
        <Portal>
          <VizTooltipContainer position={pointed} offset={{ x: 12, y: 12 }}>
            <Description pointed={pointed} frames={frames} timeZone={timeZone} />
          </VizTooltipContainer>
        </Portal>
      )}
    </>
  )
}

function Row(
  props: Props & {
    readonly row: TimelineRow
    readonly top: number
    readonly height: number
    readonly leftOf: (timeMs: number) => number
  },
): ReactNode {
  const { row, top, height, leftOf, rowHeight, columnWidth, showValue, alignValue, fillOpacity, lineWidth } = props
  const theme = useTheme2()
  const barHeight = Math.max(1, height * rowHeight)
  const y = top + (height - barHeight) / 2
  return (
    <>
      {onePerPixel(row.segments, leftOf).map((segment) => {
        const value: unknown = row.field.values[segment.index]
        const { text, color } = appearanceOf(row.field, value, theme)
        const full = leftOf(segment.toMs) - leftOf(segment.fromMs)
        const barWidth = Math.max(1, full * columnWidth)
        const x = leftOf(segment.fromMs) + (full - full * columnWidth) / 2
        const fits = barHeight >= fontSize + 2 && barWidth > measureText(text, fontSize).width + 8
        const isShown = showValue === 'always' || (showValue === 'auto' && fits)
        const anchor = { left: 'start', center: 'middle', right: 'end' } as const
        const at = { left: x + 5, center: x + barWidth / 2, right: x + barWidth - 5 }
        return (
          <g key={segment.index}>
            <rect
              x={x}
              y={y}
              width={barWidth}
              height={barHeight}
              rx={Math.min(2, barWidth / 4)}
              fill={color}
              fillOpacity={fillOpacity / 100}
              stroke={lineWidth > 0 ? color : 'none'}
              strokeWidth={lineWidth}
            />
            {isShown && (
              <text
                x={at[alignValue]}
                y={y + barHeight / 2}
                dominantBaseline="central"
                textAnchor={anchor[alignValue]}
                fontSize={fontSize}
                fill={fillOpacity > 50 ? theme.colors.getContrastText(color) : theme.colors.text.primary}
              >
                {text}
              </text>
            )}
          </g>
        )
      })}
    </>
  )
}

/** However many samples a query gives, a row has no more drawings than pixels. */
function onePerPixel(segments: readonly Segment[], leftOf: (timeMs: number) => number): Segment[] {
  let lastPixel = -1
  return segments.filter(({ toMs }) => {
    const pixel = Math.floor(leftOf(toMs))
    const isNew = pixel !== lastPixel
    lastPixel = pixel
    return isNew
  })
}

function Axis(props: {
  readonly fromMs: number
  readonly toMs: number
  readonly width: number
  readonly top: number
  readonly leftOf: (timeMs: number) => number
  readonly timeZone: string
  readonly color: string
}): ReactNode {
  const { fromMs, toMs, width, top, leftOf, timeZone, color } = props
  const styles = useStyles2(getStyles)
  const offsetMs = dateTimeForTimeZone(timeZone, fromMs).utcOffset?.() ?? 0
  const ticks = timeTicks({ fromMs, toMs, maximum: Math.max(2, Math.floor(width / 90)), offsetMs: offsetMs * 60_000 })
  return (
    <>
      {ticks.timesMs
        .filter((timeMs) => leftOf(timeMs) < width - 20)
        .map((timeMs) => (
          <g key={timeMs} transform={`translate(${leftOf(timeMs)} 0)`}>
            <line y2={top + 4} stroke={color} />
            <text y={top + axisHeight - 6} className={styles.tick}>
              {dateTimeFormat(timeMs, { timeZone, format: ticks.format })}
            </text>
          </g>
        ))}
    </>
  )
}

function Description(props: {
  readonly pointed: Pointed
  readonly frames: readonly DataFrame[]
  readonly timeZone: string
}): ReactNode {
  const { row, segment } = props.pointed
  const theme = useTheme2()
  const styles = useStyles2(getStyles)
  const { text, color } = appearanceOf(row.field, row.field.values[segment.index], theme)
  const time = (timeMs: number): string => dateTimeFormat(timeMs, { timeZone: props.timeZone })
  return (
    <div className={styles.tooltip}>
      <strong>{getFieldDisplayName(row.field, row.frame, [...props.frames])}</strong>
      <div>
        <i style={{ background: color }} /> {text}
      </div>
      <small>
        {time(segment.fromMs)} – {time(segment.toMs)}
      </small>
    </div>
  )
}

function widthOfNames(names: readonly string[], width: number): number {
  const longest = Math.max(0, ...names.map((name) => measureText(name, fontSize).width))
  return Math.min(width * 0.35, longest + 16)
}

function shorten(name: string, width: number): string {
  if (measureText(name, fontSize).width <= width) return name
  let kept = name
  while (kept.length > 1 && measureText(`${kept}…`, fontSize).width > width) kept = kept.slice(0, -1)
  return `${kept}…`
}

const getStyles = (theme: GrafanaTheme2) => ({
  svg: css({ display: 'block', userSelect: 'none' }),
  name: css({ fill: theme.colors.text.primary, fontSize, textAnchor: 'end', dominantBaseline: 'central' }),
  tick: css({ fill: theme.colors.text.secondary, fontSize: 11, textAnchor: 'middle' }),
  selection: css({ fill: theme.colors.action.selected, stroke: theme.colors.border.strong }),
  tooltip: css({
    i: { display: 'inline-block', width: 12, height: 12, borderRadius: 2, verticalAlign: 'middle' },
    small: { color: theme.colors.text.secondary },
  }),
})
