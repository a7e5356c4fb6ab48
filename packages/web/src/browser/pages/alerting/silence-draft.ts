import type { NewSilence } from '../../alerting/alertmanager.ts'
import { matcherProblem, type Matcher } from '../../alerting/matchers.ts'

/** A silence while it is typed; times as the browser's date field has them, in local time. */
export interface SilenceDraft {
  readonly id: string | undefined
  readonly matchers: readonly Matcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly comment: string
  readonly createdBy: string
}

/** What must be changed before Alertmanager would take it, by field; empty when nothing. */
export function draftProblems(draft: SilenceDraft, nowMs: number): Partial<Record<keyof SilenceDraft, string>> {
  const [startMs, endMs] = [fromLocalText(draft.startsAt), fromLocalText(draft.endsAt)]
  const problems: Partial<Record<keyof SilenceDraft, string>> = {}
  if (!Number.isFinite(startMs)) problems.startsAt = 'A start is needed'
  if (!Number.isFinite(endMs)) problems.endsAt = 'An end is needed'
  else if (endMs <= startMs) problems.endsAt = 'The silence ends before it begins'
  else if (endMs <= nowMs) problems.endsAt = 'The silence ends in the past'
  if (draft.comment.trim() === '') problems.comment = 'Say why, others will ask'
  if (draft.createdBy.trim() === '') problems.createdBy = 'A name is needed'
  if (draft.matchers.length === 0) problems.matchers = 'At least one matcher is needed'
  else if (draft.matchers.some((matcher) => matcherProblem(matcher) !== undefined)) {
    problems.matchers = 'A matcher is not complete'
  } else if (
    !draft.matchers.some(({ value, isEqual, isRegex }) => isEqual && value !== '' && !(isRegex && /^\.\*$/.test(value)))
  ) {
    problems.matchers = 'At least one matcher must ask for a value; this would silence everything'
  }
  return problems
}

export function silenceOf(draft: SilenceDraft): NewSilence {
  return {
    ...(draft.id === undefined ? {} : { id: draft.id }),
    matchers: draft.matchers,
    startsAt: new Date(fromLocalText(draft.startsAt)).toISOString(),
    endsAt: new Date(fromLocalText(draft.endsAt)).toISOString(),
    comment: draft.comment.trim(),
    createdBy: draft.createdBy.trim(),
  }
}

/** `2026-01-31T08:05:00` in the browser's time zone. */
export function toLocalText(timeMs: number): string {
  const date = new Date(timeMs)
  return new Date(timeMs - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

export function fromLocalText(text: string): number {
  return text === '' ? Number.NaN : new Date(text).getTime()
}

/** `2h`, `1d12h`, `45m`; nothing for other texts. */
export function parseDuration(text: string): number | undefined {
  const compact = text.replaceAll(/\s/g, '')
  if (!/^(\d+[smhdw])+$/.test(compact)) return undefined
  const sizes: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 }
  let sum = 0
  for (const [, count, unit] of compact.matchAll(/(\d+)([smhdw])/g)) sum += Number(count) * (sizes[unit ?? ''] ?? 0)
  return sum > 0 ? sum : undefined
}
