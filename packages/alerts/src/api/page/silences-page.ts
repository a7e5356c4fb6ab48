import { quoteGo } from '@quartet/query'
import { linked, markup, spanText, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { silenceState } from '../../storage/silence.ts'
import type { Silence, SilenceState } from '../../storage/silence.ts'
import { compareSilences } from '../silences-api.ts'
import { MAX_SHOWN } from './shared.ts'
import type { PageOptions } from './shared.ts'

const STATES: readonly SilenceState[] = ['active', 'pending', 'expired']

/** `/silences?state=`: the silences of one state. */
export function silencesPage(options: PageOptions, query: URLSearchParams): Html {
  const { linkPrefix, nowMs, silences } = options
  const now = nowMs()
  const wanted = STATES.find((state) => state === query.get('state')) ?? 'active'
  const found = silences.list().filter((silence) => silenceState(silence, now) === wanted)
  found.sort((a, b) => compareSilences(a, b, now))
  const tabs = STATES.map(
    (state) =>
      markup`<a class="button${state === wanted ? ' primary' : ''}" href="${linkPrefix()}/silences?state=${state}">${state} (${silences.count(state)})</a> `,
  )
  return markup`<div class="row" style="margin:1rem 0">
      ${tabs}<a class="button primary end" href="${linkPrefix()}/silences/new">New silence</a>
    </div>
    ${found.slice(0, MAX_SHOWN).map((silence) => silenceCard(options, silence, now))}
    ${found.length > MAX_SHOWN && markup`<p class="dim">${found.length - MAX_SHOWN} more</p>`}
    ${found.length === 0 && markup`<div class="card dim">No silence is ${wanted}.</div>`}`
}

/** `/silences/{id}` */
export function silencePage(options: PageOptions, silence: Silence): Html {
  return markup`<h2>Silence ${silence.id}</h2>
    ${silenceCard(options, silence, options.nowMs())}`
}

function silenceCard({ linkPrefix, token }: PageOptions, silence: Silence, now: number): Html {
  const { comment, createdBy, endsAtMs, id, startsAtMs } = silence
  const state = silenceState(silence, now)
  const when =
    state === 'active'
      ? markup`ends in <b>${spanText(endsAtMs - now)}</b>`
      : state === 'pending'
        ? markup`begins in <b>${spanText(startsAtMs - now)}</b>`
        : markup`ended ${spanText(now - endsAtMs)} ago`
  const expire = markup`<details class="end">
    <summary>Expire…</summary>
    <form method="post" action="${linkPrefix()}/silences/${id}/expire">
      <input type="hidden" name="token" value="${token.value}" /><button class="danger">End this silence now</button>
    </form>
  </details>`
  return markup`<section class="card">
    <div class="row">
      <div class="chips">
        ${silence.matchers.map(
          ({ name, type, value }) => markup`<span class="chip">${name}${type}${quoteGo(value)}</span>`,
        )}
      </div>
      <span class="end small">${when}</span>
    </div>
    <p style="margin:.6rem 0;white-space:pre-line">${linked(comment)}</p>
    <div class="row small">
      <span class="dim">by ${createdBy || 'nobody'}, ${timeText(startsAtMs)} to ${timeText(endsAtMs)}</span>
      <a class="button" href="${linkPrefix()}/silences/${id}/edit">${state === 'expired' ? 'Recreate' : 'Edit'}</a>${state !== 'expired' && expire}
    </div>
  </section>`
}
