import { labelValue } from '@quartet/model'
import { Html, linked, markup, problemCard, spanText, timeText } from '@quartet/runtime'
import type { LabelMatcher } from '../../config/matcher/label-matcher.ts'
import { MatcherError } from '../../config/matcher/matcher-error.ts'
import { parseMatchers } from '../../config/matcher/parse-matchers.ts'
import type { AlertGroup } from '../../dispatch/alert-group.ts'
import { isResolved } from '../../storage/alert.ts'
import type { Alert } from '../../storage/alert.ts'
import { matchFilter } from '../filter.ts'
import { matcherText, MAX_SHOWN } from './shared.ts'
import type { PageOptions } from './shared.ts'

interface Filter {
  readonly text: string
  readonly matchers: readonly LabelMatcher[]
  readonly receiver: string
  readonly silenced: boolean
  readonly inhibited: boolean
  readonly muted: boolean
  readonly problem: string | undefined
}

interface ShownAlert {
  readonly alert: Alert
  readonly silencedBy: readonly string[]
  readonly inhibitedBy: readonly string[]
}

/** `/`: what fires now, by group. */
export function alertsPage(options: PageOptions, query: URLSearchParams): Html {
  const { engine, nowMs } = options
  const filter = readFilter(options, query)
  const now = nowMs()
  const current = engine()
  let count = 0
  const cards: Html[] = []
  for (const group of current.dispatcher.groups()) {
    const { receiver } = group.route.options
    // Links of messages carry the name as a pattern.
    if (filter.receiver !== '' && receiver !== filter.receiver.replaceAll('\\', '')) continue
    const mutedBy = current.mutedBy(group.route.options, now)
    if (mutedBy.length > 0 && !filter.muted) continue
    const shown = group
      .alerts()
      .filter((alert) => !isResolved(alert, now) && matchFilter(filter.matchers, alert.labels))
      .map((alert) => ({
        alert,
        silencedBy: options.silences.silencing(alert.labels),
        inhibitedBy: current.inhibitedBy(alert, now),
      }))
      .filter(({ inhibitedBy, silencedBy }) => {
        return (filter.silenced || silencedBy.length === 0) && (filter.inhibited || inhibitedBy.length === 0)
      })
    if (shown.length === 0) continue
    if (count < MAX_SHOWN)
      cards.push(groupCard(options, group, shown.slice(0, MAX_SHOWN - count), { mutedBy, now, filter }))
    count += shown.length
  }
  return markup`${filterForm(options, filter)} ${filter.problem && problemCard(filter.problem)}
    <p class="dim">
      ${plural(count, 'alert')} in ${plural(cards.length, 'group')}${count > MAX_SHOWN && `; the first ${MAX_SHOWN} are shown`}
    </p>
    ${cards}${count === 0 && !filter.problem && emptyCard(filter)}`
}

function readFilter({ mode }: PageOptions, query: URLSearchParams): Filter {
  const texts = query.getAll('filter').filter(Boolean)
  const matchers: LabelMatcher[] = []
  let problem
  try {
    for (const text of texts) matchers.push(...parseMatchers(text, mode, () => undefined))
  } catch (error) {
    if (!(error instanceof MatcherError)) throw error
    problem = error.message
  }
  const flag = (name: string): boolean => query.get(name) === 'on' || query.get(name) === 'true'
  return {
    text: texts.join(', '),
    matchers,
    receiver: query.get('receiver') ?? '',
    silenced: flag('silenced'),
    inhibited: flag('inhibited'),
    muted: flag('muted'),
    problem,
  }
}

function filterForm(options: PageOptions, filter: Filter): Html {
  const { inhibited, muted, receiver, silenced, text } = filter
  const names = (options.engine().config.receivers ?? []).map(({ name }) => name)
  const box = (name: string, isOn: boolean): Html =>
    markup`<label class="check"><input type="checkbox" name="${name}" ${isOn && new Html('checked')} /> ${name}</label>`
  return markup`<form class="card" method="get" action="${options.linkPrefix()}/">
    <div class="row">
      <label style="flex:1 1 20rem">Filter<input class="code" name="filter" value="${text}" placeholder='severity="critical", job=~"api.*"' spellcheck="false"/></label>
      <label>Receiver<select name="receiver">
          <option value="">all</option>
          ${names.map(
            (name) =>
              markup`<option ${name === receiver.replaceAll('\\', '') && new Html('selected')}>${name}</option>`,
          )}
        </select></label>
    </div>
    <div class="row" style="margin-top:.6rem">
      <span class="dim small">Also show</span> ${box('silenced', silenced)} ${box('inhibited', inhibited)}
      ${box('muted', muted)}
      <span class="end row"><a class="button" href="${options.linkPrefix()}/silences/new?filter=${encodeURIComponent(text)}">Silence these</a><button class="primary">Filter</button></span>
    </div>
  </form>`
}

function groupCard(
  options: PageOptions,
  group: AlertGroup,
  shown: readonly ShownAlert[],
  { filter, mutedBy, now }: { mutedBy: readonly string[]; now: number; filter: Filter },
): Html {
  const { linkPrefix } = options
  const chips = group.labels.map(
    ([name, value]) =>
      markup`<a class="chip" href="${linkPrefix()}/?filter=${encodeURIComponent(matcherText([...filterPairs(filter), [name, value]]))}">${name}="${value}"</a>`,
  )
  return markup`<section class="card">
    <div class="row">
      <div class="chips">${chips.length > 0 ? chips : markup`<span class="dim">all alerts of the route</span>`}</div>
      <span class="end dim small">${plural(shown.length, 'alert')} to ${group.route.options.receiver}</span>
    </div>
    ${mutedBy.length > 0 && markup`<div class="small warn">muted by ${mutedBy.join(', ')}</div>`}
    ${shown.map((alert) => alertDetails(options, alert, now))}
  </section>`
}

function filterPairs({ matchers }: Filter): readonly (readonly [string, string])[] {
  return matchers.filter(({ type }) => type === '=').map(({ name, value }) => [name, value] as const)
}

const EDGES: Readonly<Record<string, string>> = { critical: 'bad', page: 'bad', error: 'bad', warning: 'warn' }

function alertDetails(options: PageOptions, { alert, inhibitedBy, silencedBy }: ShownAlert, now: number): Html {
  const { annotations, endsAtMs, generatorUrl, labels, startsAtMs } = alert
  const prefix = options.linkPrefix()
  const severity = labelValue(labels, 'severity')
  const title =
    labelValue(annotations, 'summary') || labelValue(annotations, 'message') || labelValue(labels, 'alertname')
  const rest = annotations.filter(([name, value]) => value !== title || name === 'description')
  return markup`<details style="margin-top:.7rem">
    <summary>
      ${severity !== '' && markup`<span class="badge ${EDGES[severity] ?? 'dim'}">${severity}</span> `}<b>${title || 'unnamed alert'}</b>
      <span class="dim small">for ${spanText(now - startsAtMs)}</span>
      ${silencedBy.length > 0 && markup`<span class="badge dim">silenced</span>`}
      ${inhibitedBy.length > 0 && markup`<span class="badge dim">inhibited</span>`}
    </summary>
    <div class="chips">
      ${labels.map(
        ([name, value]) =>
          markup`<a class="chip" href="${prefix}/?filter=${encodeURIComponent(matcherText([[name, value]]))}">${name}="${value}"</a>`,
      )}
    </div>
    ${
      rest.length > 0 &&
      markup`<table>
        ${rest.map(
          ([name, value]) =>
            markup`<tr>
              <th scope="row" style="width:10rem">${name}</th>
              <td style="white-space:pre-line">${linked(value)}</td>
            </tr>`,
        )}
      </table>`
    }
    <div class="small dim">
      since ${timeText(startsAtMs)}${endsAtMs > 0 && `, ends ${timeText(endsAtMs)} unless it is sent again`}
    </div>
    <div class="row">
      <a class="button" href="${prefix}/silences/new?filter=${encodeURIComponent(matcherText(labels))}">Silence</a>
      ${/^https?:/.test(generatorUrl) && markup`<a class="button" href="${generatorUrl}" rel="noreferrer">Source</a>`}
      ${silencedBy.map((id) => markup`<a class="small" href="${prefix}/silences/${id}">silenced by ${id.slice(0, 8)}</a>`)}
      ${inhibitedBy.length > 0 && markup`<span class="small dim">inhibited by ${inhibitedBy.join(', ')}</span>`}
    </div>
  </details>`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function emptyCard({ inhibited, matchers, receiver, silenced }: Filter): Html {
  const isFiltered = matchers.length > 0 || receiver !== ''
  const hint = silenced && inhibited ? '' : ' Silenced and inhibited ones are hidden.'
  return markup`<div class="card edge-good">
    ${isFiltered ? 'No alert passes the filter.' : 'Nothing is firing.'}${hint}
  </div>`
}
