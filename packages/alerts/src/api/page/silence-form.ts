import { labelValue } from '@quartet/model'
import { DurationError, formatDuration, parseDuration, quoteGo } from '@quartet/query'
import { markup, problemCard, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { matchesAll } from '../../config/matcher/label-matcher.ts'
import type { LabelMatcher } from '../../config/matcher/label-matcher.ts'
import { MatcherError } from '../../config/matcher/matcher-error.ts'
import { parseMatchers } from '../../config/matcher/parse-matchers.ts'
import { isResolved } from '../../storage/alert.ts'
import { silenceState } from '../../storage/silence.ts'
import type { Silence } from '../../storage/silence.ts'
import type { SilenceDraft } from '../../storage/silences.ts'
import { MAX_SHOWN } from './shared.ts'
import type { PageOptions } from './shared.ts'

/** What stands in the fields, right or wrong. */
export interface SilenceFields {
  /** Of the silence that is changed; `''` makes a new one. */
  readonly id: string
  readonly matchers: string
  /** `2026-01-02 03:04`, UTC; `''` is now. */
  readonly start: string
  readonly duration: string
  readonly creator: string
  readonly comment: string
}

const DEFAULT_DURATION = '2h'

export function newFields(query: URLSearchParams): SilenceFields {
  return {
    id: '',
    matchers: query.get('filter') ?? '',
    start: '',
    duration: DEFAULT_DURATION,
    creator: query.get('creator') ?? '',
    comment: query.get('comment') ?? '',
  }
}

/** An expired silence is made anew, from now on for as long as it was. */
export function fieldsOf(silence: Silence, nowMs: number): SilenceFields {
  const { comment, createdBy, endsAtMs, id, matchers, startsAtMs } = silence
  const isOver = silenceState(silence, nowMs) === 'expired'
  return {
    id: isOver ? '' : id,
    matchers: `{${matchers.map(({ name, type, value }) => `${/^[A-Za-z_]\w*$/.test(name) ? name : quoteGo(name)}${type}${quoteGo(value)}`).join(', ')}}`,
    start: isOver ? '' : new Date(startsAtMs).toISOString().slice(0, 19).replace('T', ' '),
    duration: formatDuration(Math.max(1000, Math.ceil((endsAtMs - startsAtMs) / 1000) * 1000)),
    creator: createdBy,
    comment,
  }
}

export function postedFields(form: URLSearchParams): SilenceFields {
  const field = (name: string): string => (form.get(name) ?? '').trim()
  return {
    id: field('id'),
    matchers: field('matchers'),
    start: field('start'),
    duration: field('duration'),
    creator: field('creator'),
    comment: field('comment'),
  }
}

export type ReadFields =
  | { readonly draft: SilenceDraft; readonly matchers: readonly LabelMatcher[]; readonly problems: readonly [] }
  | { readonly draft: undefined; readonly matchers: readonly LabelMatcher[]; readonly problems: readonly string[] }

/** Reads the fields, with every mistake. */
export function readFields(fields: SilenceFields, { mode, nowMs }: Pick<PageOptions, 'mode' | 'nowMs'>): ReadFields {
  const problems: string[] = []
  let matchers: readonly LabelMatcher[] = []
  try {
    matchers = parseMatchers(fields.matchers, mode, () => undefined)
    if (matchers.length === 0) problems.push('Matchers: at least one is needed.')
  } catch (error) {
    if (!(error instanceof MatcherError)) throw error
    problems.push(`Matchers: ${error.message}`)
  }
  let durationMs = 0
  try {
    durationMs = parseDuration(fields.duration)
    if (durationMs <= 0) problems.push('Duration: must be longer than nothing.')
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    problems.push(`Duration: ${error.message}`)
  }
  const startsAtMs = fields.start === '' ? nowMs() : Date.parse(`${fields.start.replace(' ', 'T').replace(/Z$/, '')}Z`)
  if (Number.isNaN(startsAtMs))
    problems.push('Start: a time such as 2026-01-31 08:00 (UTC) is wanted, or nothing for now.')
  else if (startsAtMs + durationMs < nowMs()) problems.push('It would end in the past.')
  if (fields.creator === '') problems.push('Creator: is needed.')
  if (fields.comment === '') problems.push('Comment: is needed, so that others know why.')
  if (problems.length > 0) return { draft: undefined, matchers, problems }
  const draft = {
    id: fields.id,
    matchers: matchers.map(({ name, type, value }) => ({ name, type, value })),
    startsAtMs,
    endsAtMs: startsAtMs + durationMs,
    createdBy: fields.creator,
    comment: fields.comment,
  }
  return { draft, matchers, problems: [] }
}

/** `/silences/new`, `/silences/{id}/edit`. */
export function silenceForm(
  options: PageOptions,
  fields: SilenceFields,
  state: { readonly problems: readonly string[]; readonly matchers?: readonly LabelMatcher[] | undefined },
): Html {
  const { linkPrefix, token } = options
  return markup`<h2>${fields.id === '' ? 'New silence' : 'Change silence'}</h2>
    ${state.problems.map(problemCard)}
    <form class="card" method="post" action="${linkPrefix()}/silences/new">
      <input type="hidden" name="token" value="${token.value}" /><input type="hidden" name="id" value="${fields.id}" />
      <div class="fields">
        <label class="wide">Matchers: an alert is silenced when all of them match<textarea name="matchers" rows="2" spellcheck="false" placeholder='alertname="HighErrorRate", service=~"shop-.*"' required>${fields.matchers}</textarea>
        </label>
        <label>Start (UTC; empty is now)<input name="start" value="${fields.start}" placeholder="now" autocomplete="off"/></label>
        <label>Duration<input name="duration" value="${fields.duration}" list="durations" required /><datalist id="durations">
            <option>30m</option>
            <option>2h</option>
            <option>8h</option>
            <option>1d</option>
            <option>1w</option>
          </datalist></label>
        <label>Creator<input name="creator" value="${fields.creator}" autocomplete="name" /></label>
        <label class="wide">Comment<textarea name="comment" rows="2" placeholder="Why, and until what happens">${fields.comment}</textarea>
        </label>
      </div>
      <div class="row" style="margin-top:.9rem">
        <button class="primary" name="do" value="save">${fields.id === '' ? 'Create silence' : 'Save silence'}</button>
        <button name="do" value="preview">Preview what matches</button><a class="end" href="${linkPrefix()}/silences">Cancel</a>
      </div>
    </form>
    ${state.matchers && preview(options, state.matchers)}`
}

/** The alerts of now that the matchers silence. */
function preview({ nowMs, store }: PageOptions, matchers: readonly LabelMatcher[]): Html {
  const now = nowMs()
  const found = Array.from(store.values()).filter(
    (alert) => !isResolved(alert, now) && matchers.length > 0 && matchesAll(matchers, alert.labels),
  )
  const what = found.length === 1 ? '1 firing alert matches' : `${found.length} firing alerts match`
  return markup`<section class="card edge-${found.length === 0 ? 'warn' : 'good'}">
    <b>${what}.</b>
    ${found.length === 0 && markup`<span class="dim">Alerts that begin to fire later are silenced, too.</span>`}
    ${found.slice(0, MAX_SHOWN).map(
      ({ labels, startsAtMs }) =>
        markup`<div style="margin-top:.6rem">
          <b>${labelValue(labels, 'alertname')}</b> <span class="dim small">since ${timeText(startsAtMs)}</span>
          <div class="chips">${labels.map(([name, value]) => markup`<span class="chip">${name}="${value}"</span>`)}</div>
        </div>`,
    )}
  </section>`
}
