import type { FastifyRequest } from 'fastify'
import { markup, requestSignal, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { ParseError } from '../../query/syntax/parse-error.ts'
import type { ApiContext } from '../context.ts'
import { apiErrorOf } from '../errors.ts'
import type { ApiError } from '../errors.ts'
import { Parameters } from '../parameters.ts'
import { instantBody, rangeBody } from '../query-routes.ts'
import { lineChart } from './chart.ts'
import { MAX_SHOWN, queryHref, tookText } from './frame.ts'
import type { PageContent } from './frame.ts'
import { readAnswer } from './query-answer-json.ts'
import type { QueryAnswer } from './query-answer-json.ts'
import {
  DEFAULT_RANGE,
  fieldTime,
  graphTimes,
  instantParameters,
  rangeParameters,
  readState,
  stateHref,
} from './query-state.ts'
import type { GraphTimes, QueryState } from './query-state.ts'
import { resultTable } from './result-table.ts'

const SERIES_IN_GRAPH = 20
const RANGES = ['5m', '15m', '1h', '6h', '1d', '1w', '4w']
/** Panels of one address that are looked at. */
const MAX_PANELS = 20

/** Enter asks, shift and Enter begins a line; without the script the button asks. */
const SCRIPT = `document.querySelector('textarea').addEventListener('keydown', function (event) {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  event.target.form.requestSubmit()
})`

/** `/query` and `/graph`: an expression and its result, as a table or as a graph. */
export async function queryPage(
  context: ApiContext,
  parameters: Parameters,
  request: FastifyRequest,
): Promise<PageContent> {
  const state = readState(parameters)
  const result = state.expr === '' ? emptyCard() : await resultOf(context, state, request)
  const body = markup`${form(state)}${morePanels(parameters)}
    <nav class="tabs">
      ${(['table', 'graph'] as const).map((tab) => tabLink(state, tab))}
    </nav>
    ${result}`
  return { body, script: SCRIPT }
}

function tabLink(state: QueryState, tab: QueryState['tab']): Html {
  const text = tab === 'table' ? 'Table' : 'Graph'
  return state.tab === tab
    ? markup`<a href="${stateHref(state, { tab })}" aria-current="true">${text}</a>`
    : markup`<a href="${stateHref(state, { tab })}">${text}</a>`
}

function form({ end, expr, moment, range, step, tab }: QueryState): Html {
  const hidden = (name: string, value: string): Html | false =>
    value !== '' && markup`<input type="hidden" name="g0.${name}" value="${value}" />`
  const fields =
    tab === 'graph'
      ? markup`<label>Range<input name="g0.range_input" value="${range}" list="ranges" autocomplete="off"/></label>
          <datalist id="ranges">
            ${RANGES.map((text) => markup`<option>${text}</option>`)}
          </datalist>
          <label>End (UTC)<input name="g0.end_input" value="${end}" placeholder="now" autocomplete="off"/></label>
          <label>Step<input name="g0.step_input" value="${step}" placeholder="automatic" autocomplete="off"/></label>
          ${hidden('moment_input', moment)}`
      : markup`<label>Time (UTC)<input name="g0.moment_input" value="${moment}" placeholder="now" autocomplete="off"/></label>
          ${hidden('range_input', range === DEFAULT_RANGE ? '' : range)}${hidden('step_input', step)}`
  return markup`<form class="card ask" method="get" action="query">
    <label>Expression<textarea name="g0.expr" rows="${Math.min(12, expr.split('\n').length)}" spellcheck="false" autocapitalize="off" placeholder='rate(http_requests_total{job="api"}[5m])' ${expr === '' && 'autofocus'}>${expr}</textarea>
    </label>
    <input type="hidden" name="g0.tab" value="${tab === 'graph' ? 0 : 1}" />
    <div class="fields">
      ${fields}
      <div><button class="primary">Execute</button></div>
    </div>
  </form>`
}

/** Upstream's page shows many panels one below the other; here each is a page. */
function morePanels(parameters: Parameters): Html | false {
  const others: QueryState[] = []
  for (let panel = 1; panel < MAX_PANELS; panel++) {
    const state = readState(parameters, panel)
    if (state.expr !== '') others.push(state)
  }
  return (
    others.length > 0 &&
    markup`<p class="small dim">
      The link has more expressions:
      ${others.map((state) => markup`<br /><a href="${stateHref(state)}"><code>${state.expr}</code></a>`)}
    </p>`
  )
}

function emptyCard(): Html {
  const examples = ['up', 'topk(10, count by (__name__) ({__name__!=""}))', 'sum by (job) (scrape_samples_scraped)']
  return markup`<div class="card">
    <p class="dim" style="margin-top:0">Nothing is asked yet. Try one of these:</p>
    <div class="chips">
      ${examples.map((expr) => markup`<a class="chip" href="${queryHref(expr)}">${expr}</a>`)}
    </div>
  </div>`
}

async function resultOf(context: ApiContext, state: QueryState, request: FastifyRequest): Promise<Html> {
  try {
    const signal = requestSignal(request)
    return await (state.tab === 'graph' ? graph(context, state, signal) : table(context, state, signal))
  } catch (error) {
    const known = apiErrorOf(error)
    if (known === undefined || known.kind === 'internal') throw error
    return errorCard(state.expr, known)
  }
}

async function table(context: ApiContext, state: QueryState, signal: AbortSignal): Promise<Html> {
  const { clock } = context
  const startMs = clock.monotonicMs()
  const values = instantParameters(state, MAX_SHOWN)
  if (state.moment === '') values.set('time', String(clock.nowMs() / 1000))
  const answer = readAnswer(await instantBody(context, new Parameters(values), signal))
  const took = (clock.monotonicMs() - startMs) / 1000
  values.delete('limit')
  return markup`${summary(answer, { took, json: `api/v1/query?${values.toString()}`, limit: MAX_SHOWN })}
    ${resultTable(answer.data)}`
}

async function graph(context: ApiContext, state: QueryState, signal: AbortSignal): Promise<Html> {
  const { clock } = context
  const startMs = clock.monotonicMs()
  const times = graphTimes(state, clock.nowMs())
  const values = rangeParameters(state, times, SERIES_IN_GRAPH)
  const answer = readAnswer(await rangeBody(context, new Parameters(values), signal))
  const took = (clock.monotonicMs() - startMs) / 1000
  values.delete('limit')
  const json = `api/v1/query_range?${values.toString()}`
  const series = answer.data.resultType === 'matrix' ? answer.data.result : []
  const floats = series.filter((item) => item.values !== undefined)
  const left = series.length - floats.length
  return markup`${summary(answer, { took, json, limit: SERIES_IN_GRAPH })}
    <div class="row" style="margin-top:.6rem">
      ${ranges(state)}<span class="end row">${shifts(state, times, clock.nowMs())}</span>
    </div>
    ${floats.length > 0 && lineChart(floats, times)}
    ${left > 0 && markup`<div class="card dim">${left} series of native histograms cannot be drawn as a line; see the table, or use <code>histogram_quantile</code>.</div>`}
    ${series.length === 0 && markup`<div class="card dim">The result is empty: no series has a value from ${timeText(times.startMs)} to ${timeText(times.endMs)}.</div>`}`
}

function ranges(state: QueryState): readonly Html[] {
  return RANGES.map(
    (range) =>
      markup`<a class="chip" href="${stateHref(state, { range })}" ${range === state.range && 'aria-current=true'}>${range === state.range ? markup`<b>${range}</b>` : range}</a>`,
  )
}

/** Half a width earlier and later. */
function shifts(state: QueryState, { endMs, startMs }: GraphTimes, nowMs: number): readonly Html[] {
  const half = (endMs - startMs) / 2
  const to = (timeMs: number): string => stateHref(state, { end: timeMs >= nowMs ? '' : fieldTime(timeMs) })
  return [
    markup`<span class="dim small">${timeText(startMs)} – ${timeText(endMs)}</span>`,
    markup`<a class="chip" href="${to(endMs - half)}">← earlier</a>`,
    ...(state.end !== ''
      ? [
          markup`<a class="chip" href="${to(endMs + half)}">later →</a>`,
          markup`<a class="chip" href="${to(nowMs)}">now</a>`,
        ]
      : []),
  ]
}

const TRUNCATED = 'results truncated due to limit'

function summary(
  { data, infos, warnings }: QueryAnswer,
  { json, limit, took }: { readonly took: number; readonly json: string; readonly limit: number },
): Html {
  const isTruncated = warnings.includes(TRUNCATED)
  const what =
    data.resultType === 'scalar' || data.resultType === 'string'
      ? data.resultType
      : isTruncated
        ? `the first ${limit} series`
        : `${data.result.length} series`
  const notes = warnings.filter((text) => text !== TRUNCATED)
  return markup`<div class="row small dim" style="margin-top:.8rem">
      <span>${what} in ${tookText(took)}${isTruncated && '; there are more'}</span><a class="end" href="${json}">JSON</a>
    </div>
    ${notes.map((text) => markup`<div class="card edge-warn" role="status">${text}</div>`)}
    ${infos.map((text) => markup`<div class="card small dim" role="status">${text}</div>`)}`
}

/** The error in the API's words and, for a mistake in the expression, its place. */
function errorCard(expr: string, error: ApiError): Html {
  return markup`<div class="card edge-bad" role="alert">
    <b class="bad">${error.kind}</b> ${error.message}${error.cause instanceof ParseError && markup`<pre>${marked(expr, error.cause)}</pre>`}
  </div>`
}

function marked(expr: string, { problems }: ParseError): Html {
  const { end, start } = problems[0].range
  const from = Math.min(start, expr.length)
  const to = Math.max(end, from + 1)
  // A space is marked where something is missing at the end.
  return markup`${expr.slice(0, from)}<mark>${expr.slice(from, to) || ' '}</mark>${expr.slice(to)}`
}
