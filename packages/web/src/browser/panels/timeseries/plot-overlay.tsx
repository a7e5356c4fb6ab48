import type { UPlotConfigBuilder } from '@grafana/ui'
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { createPortal } from 'react-dom'

export interface PlotPosition {
  readonly leftOfTime: (timeMs: number) => number
  /** On the first vertical scale; nothing when the plot has none yet. */
  readonly topOfValue: (value: number) => number | undefined
  readonly width: number
  readonly height: number
}

/**
 * Draws React elements over a plot's area, placed anew whenever the plot is drawn. Children outside of the visible time
 * are the caller's to leave out.
 */
export function PlotOverlay(props: {
  readonly config: UPlotConfigBuilder
  readonly children: (position: PlotPosition) => ReactNode
}): ReactNode {
  const { config, children } = props
  const plot = useRef<PlotLike | undefined>(undefined)
  const [, setDrawn] = useState(0)
  useLayoutEffect(() => {
    config.addHook('init', ((created: PlotLike) => {
      plot.current = created
    }) as never)
    config.addHook('draw', (() => setDrawn((old) => old + 1)) as never)
    config.addHook('destroy', (() => {
      plot.current = undefined
    }) as never)
  }, [config])
  const current = plot.current
  if (!current) return null
  const [, ...verticalScales] = current.axes.map(({ scale }) => scale)
  const vertical = verticalScales.find((scale) => scale !== undefined && scale !== 'x')
  const position: PlotPosition = {
    leftOfTime: (timeMs) => current.valToPos(timeMs, 'x'),
    topOfValue: (value) => (vertical === undefined ? undefined : current.valToPos(value, vertical)),
    width: current.over.clientWidth,
    height: current.over.clientHeight,
  }
  return createPortal(children(position), current.over)
}

interface PlotLike {
  readonly axes: readonly { readonly scale?: string }[]
  readonly over: HTMLElement
  valToPos(value: number, scale: string): number
}
