import { labelsFromRecord } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { z } from 'zod'
import { isLabelName } from '../config/matcher/parse-matchers.ts'
import type { MatcherMode } from '../config/matcher/parse-matchers.ts'
import { fingerprintOf } from '../storage/alert.ts'
import type { Alert } from '../storage/alert.ts'

/** An alert that is refused; the others of the request are taken. */
export interface RefusedAlert {
  readonly message: string
}

export interface ReadAlerts {
  readonly alerts: readonly Alert[]
  readonly refused: readonly RefusedAlert[]
}

const labelSet = z.record(z.string(), z.string())

/** Go's zero time counts as absent. */
const time = z.string().transform((text, context) => {
  if (text === '' || text.startsWith('0001-01-01T00:00:00')) return undefined
  const ms = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  context.addIssue({ code: 'custom', message: `parsing time ${JSON.stringify(text)}: not RFC 3339` })
  return z.NEVER
})

/** A URI or an absolute path; 601 is upstream's code of a value of the wrong format. */
const link = z.string().superRefine((text, context) => {
  if (text === '' || text.startsWith('/') || /^[a-zA-Z][a-zA-Z0-9+.-]*:\S*$/.test(text)) return
  context.addIssue({ code: 'custom', message: `must be of type uri: ${JSON.stringify(text)}`, params: { code: 601 } })
})

export const postedAlerts = z.array(
  z.object({
    labels: labelSet,
    annotations: labelSet.nullish(),
    startsAt: time.nullish(),
    endsAt: time.nullish(),
    generatorURL: link.nullish(),
  }),
)

/**
 * Fills in the times that clients may leave out, and checks labels as upstream does.
 * @param resolveTimeoutMs after which an alert without an end counts as ended unless it is sent again
 */
export function readAlerts(
  posted: z.output<typeof postedAlerts>,
  options: { readonly nowMs: number; readonly resolveTimeoutMs: number; readonly mode: MatcherMode },
): ReadAlerts {
  const { mode, nowMs, resolveTimeoutMs } = options
  const alerts: Alert[] = []
  const refused: RefusedAlert[] = []
  for (const item of posted) {
    // An empty label is one that is not there.
    const labels = labelsFromRecord(item.labels)
    const annotations = item.annotations ? sortedPairs(item.annotations) : []
    const isTimeout = item.endsAt === undefined || item.endsAt === null
    const endsAtMs = item.endsAt ?? nowMs + resolveTimeoutMs
    const startsAtMs = item.startsAt ?? (isTimeout ? nowMs : endsAtMs)
    const problem = problemOf(labels, annotations, { startsAtMs, endsAtMs }, mode)
    if (problem !== undefined) {
      refused.push({ message: problem })
      continue
    }
    alerts.push({
      labels,
      annotations,
      startsAtMs,
      endsAtMs,
      updatedAtMs: nowMs,
      isTimeout,
      generatorUrl: item.generatorURL ?? '',
      fingerprint: fingerprintOf(labels),
    })
  }
  return { alerts, refused }
}

/** Annotations may be empty, other than labels. */
function sortedPairs(record: Readonly<Record<string, string>>): Labels {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function problemOf(
  labels: Labels,
  annotations: Labels,
  { endsAtMs, startsAtMs }: { startsAtMs: number; endsAtMs: number },
  mode: MatcherMode,
): string | undefined {
  if (endsAtMs < startsAtMs) return 'start time must be before end time'
  const labelProblem = pairProblem(labels, mode)
  if (labelProblem !== undefined) return `invalid label set: ${labelProblem}`
  if (labels.length === 0) return 'at least one label pair required'
  const annotationProblem = pairProblem(annotations, mode)
  return annotationProblem === undefined ? undefined : `invalid annotations: ${annotationProblem}`
}

function pairProblem(pairs: Labels, mode: MatcherMode): string | undefined {
  for (const [name, value] of pairs) {
    if (!isLabelName(name, mode)) return `invalid name ${JSON.stringify(name)}`
    if (!value.isWellFormed()) return `invalid value ${JSON.stringify(value)}`
  }
  return undefined
}
