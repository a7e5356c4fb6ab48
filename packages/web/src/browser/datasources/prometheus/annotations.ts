import type { AnnotationEvent, AnnotationQuery, AnnotationSupport, DataFrame } from '@grafana/data'
import { of } from 'rxjs'
import { renderLegend } from './legend.ts'
import type { PrometheusQuery } from './query.ts'

interface PrometheusAnnotation extends AnnotationQuery<PrometheusQuery> {
  expr?: string
  step?: string
  titleFormat?: string
  textFormat?: string
  tagKeys?: string
  useValueForTime?: string | boolean
}

/** A dashboard's annotation whose expression is non-zero marks that stretch of time. */
export const annotationSupport: AnnotationSupport<PrometheusQuery, PrometheusAnnotation> = {
  prepareAnnotation: (annotation: PrometheusAnnotation) => annotation,
  prepareQuery: (annotation) => {
    const expr = annotation.target?.expr ?? annotation.expr
    if (!expr) return undefined
    const interval = annotation.step ?? annotation.target?.interval ?? '60s'
    return { refId: 'Anno', expr, interval, range: true, instant: false, exemplar: false }
  },
  processEvents: (annotation, frames) => of(frames.flatMap((frame) => eventsOf(annotation, frame))),
}

function eventsOf(annotation: PrometheusAnnotation, frame: DataFrame): AnnotationEvent[] {
  const [times, values] = frame.fields
  if (!times || !values) return []
  const labels = values.labels ?? {}
  const tags = (annotation.tagKeys ?? '').split(',').flatMap((key) => labels[key.trim()] ?? [])
  const common = {
    title: renderLegend(annotation.titleFormat ?? annotation.name, labels),
    text: renderLegend(annotation.textFormat ?? '', labels),
    tags,
    color: annotation.iconColor,
  }
  const stepMs = times.config.interval ?? 60_000
  const events: AnnotationEvent[] = []
  for (const [row, value] of values.values.entries()) {
    if (!value) continue
    const time = annotation.useValueForTime ? Math.floor(Number(value)) : (times.values[row] as number)
    const last = events.at(-1)
    if (last && !annotation.useValueForTime && time - (last.timeEnd ?? last.time ?? 0) <= stepMs) {
      last.timeEnd = time
      last.isRegion = true
    } else {
      events.push({ ...common, time })
    }
  }
  return events
}
