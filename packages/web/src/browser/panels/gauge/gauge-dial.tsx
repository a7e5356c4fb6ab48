import {
  formattedValueToString,
  getActiveThreshold,
  ThresholdsMode,
  type FieldDisplay,
  type GrafanaTheme2,
} from '@grafana/data'
import { useTheme2 } from '@grafana/ui'
import type { MouseEvent, ReactNode } from 'react'
import { angleOf, arcPath, endAngle, startAngle, thresholdBands } from './arc.ts'

interface Props {
  readonly value: FieldDisplay
  readonly width: number
  readonly height: number
  readonly showTitle: boolean
  readonly showThresholdMarkers: boolean
  readonly showThresholdLabels: boolean
  readonly onClick: ((event: MouseEvent<SVGElement>) => void) | undefined
}

/** One dial; the library's own needs a plotting library that is not shipped. */
export function GaugeDial(props: Props): ReactNode {
  const { value, width, height, showTitle, showThresholdMarkers, showThresholdLabels, onClick } = props
  const theme = useTheme2()
  const { display, field } = value
  const titleHeight = showTitle ? Math.min(22, height * 0.16) : 0
  const centerX = width / 2
  // The dial reaches 0.59 radii below its centre, so a radius fits 1.59 times into the height.
  const outer = Math.max(10, Math.min(width / 2, (height - titleHeight) / 1.62) - 4)
  const centerY = (height - titleHeight - outer * 0.59 + outer) / 2
  const bands = showThresholdMarkers || showThresholdLabels ? bandsOf(value, theme) : []
  const bandWidth = showThresholdMarkers && bands.length > 0 ? Math.max(2, outer * 0.06) : 0
  const ringWidth = outer * 0.24
  const ringRadius = outer - bandWidth * 1.6 - ringWidth / 2
  const part = display.percent ?? 0
  const text = formattedValueToString(display)
  const fontSize = Math.min(ringRadius * 0.55, (ringRadius * 2.2) / Math.max(3, text.length))
  const arc = (radius: number, from: number, to: number): string => arcPath({ centerX, centerY, radius, from, to })
  return (
    <svg
      width={width}
      height={height}
      onClick={onClick}
      style={onClick ? { cursor: 'pointer' } : {}}
      role="img"
      aria-label={`${display.title ?? ''} ${text}`}
    >
      <path
        d={arc(ringRadius, startAngle, endAngle)}
        fill="none"
        stroke={theme.colors.background.secondary}
        strokeWidth={ringWidth}
      />
      {part > 0 && (
        <path
          d={arc(ringRadius, startAngle, angleOf(part))}
          fill="none"
          stroke={display.color}
          strokeWidth={ringWidth}
        />
      )}
      {bandWidth > 0 &&
        bands.map(({ from, to, color }) => (
          <path
            key={from}
            d={arc(outer - bandWidth / 2, angleOf(from), angleOf(to))}
            fill="none"
            stroke={color}
            strokeWidth={bandWidth}
          />
        ))}
      {showThresholdLabels &&
        bands.slice(1).map(({ from }) => {
          const angle = angleOf(from)
          const at = { x: centerX + Math.cos(angle) * outer * 1.02, y: centerY + Math.sin(angle) * outer * 1.02 }
          const min = field.min ?? 0
          return (
            <text key={from} {...at} fontSize={11} fill={theme.colors.text.secondary} textAnchor="middle">
              {Number((min + ((field.max ?? 100) - min) * from).toPrecision(3))}
            </text>
          )
        })}
      <text
        x={centerX}
        y={centerY}
        fontSize={fontSize}
        fontWeight={500}
        fill={display.color}
        textAnchor="middle"
        dominantBaseline="middle"
      >
        {text}
      </text>
      {showTitle && (
        <text
          x={centerX}
          y={height - titleHeight * 0.3}
          fontSize={titleHeight * 0.72}
          fill={theme.colors.text.primary}
          textAnchor="middle"
        >
          {display.title}
        </text>
      )}
    </svg>
  )
}

function bandsOf(value: FieldDisplay, theme: GrafanaTheme2) {
  const { thresholds } = value.field
  const min = value.field.min ?? 0
  const max = value.field.max ?? 100
  if (!thresholds || thresholds.steps.length === 0) return []
  const scale = thresholds.mode === ThresholdsMode.Percentage ? { min: 0, max: 100 } : { min, max }
  // The first step applies below all others, whatever value it carries.
  const steps = thresholds.steps.map((step, index) => ({
    value: index === 0 ? -Infinity : step.value,
    color: theme.visualization.getColorByName((getActiveThreshold(step.value, thresholds.steps) ?? step).color),
  }))
  return thresholdBands(steps, scale)
}
