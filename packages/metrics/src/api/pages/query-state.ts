import { DurationError, parseDuration } from '@quartet/query'
import { ApiError } from '../errors.ts'
import type { Parameters } from '../parameters.ts'

/** What the page was asked: the parameters that upstream's page has in its address, as they were written. */
export interface QueryState {
  readonly expr: string
  readonly tab: 'table' | 'graph'
  /** Of the table; `''` is now. */
  readonly moment: string
  /** Width of the graph. */
  readonly range: string
  /** Of the graph; `''` is now. */
  readonly end: string
  /** `''` is as fine as the graph can show. */
  readonly step: string
}

export const DEFAULT_RANGE = '1h'

const GRAPH_TABS: readonly string[] = ['0', 'graph']

/** The panel of that number in an address: `g0.expr` is of panel 0. */
export function readState(parameters: Parameters, panel = 0): QueryState {
  const get = (name: string): string => parameters.get(`g${panel}.${name}`).trim()
  return {
    expr: get('expr'),
    tab: GRAPH_TABS.includes(get('tab')) ? 'graph' : 'table',
    moment: get('moment_input') || (GRAPH_TABS.includes(get('tab')) ? '' : get('end_input')),
    range: get('range_input') || DEFAULT_RANGE,
    end: get('end_input'),
    step: get('step_input'),
  }
}

/** Relative to the page. */
export function stateHref(state: QueryState, changes: Partial<QueryState> = {}): string {
  const { end, expr, moment, range, step, tab } = { ...state, ...changes }
  const pairs: [string, string][] = [
    ['expr', expr],
    ['tab', tab === 'graph' ? '0' : '1'],
    ['moment_input', moment],
    ['range_input', range === DEFAULT_RANGE ? '' : range],
    ['end_input', end],
    ['step_input', step],
  ]
  const written = pairs
    .filter(([, value]) => value !== '')
    .map(([name, value]): [string, string] => [`g0.${name}`, value])
  return `query?${new URLSearchParams(written).toString()}`
}

/** The parameters of `/api/v1/query`. */
export function instantParameters({ expr, moment }: QueryState, limit: number): URLSearchParams {
  const values = new URLSearchParams({ query: expr, limit: String(limit) })
  if (moment !== '') values.set('time', apiTime(moment))
  return values
}

/** A graph is about this many steps wide, and a step at least a second, as in upstream's page. */
const STEPS = 250

export interface GraphTimes {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** @throws ApiError for what is no time or duration */
export function graphTimes({ end, range, step }: QueryState, nowMs: number): GraphTimes {
  const endMs = end === '' ? nowMs : Number(apiTime(end)) * 1000
  if (Number.isNaN(endMs)) throw new ApiError('bad_data', `End: "${end}" is not a time such as 2026-01-31 08:00:00`)
  const rangeMs = durationOf('Range', range)
  const stepMs = step === '' ? Math.max(1000, Math.floor(rangeMs / STEPS / 1000) * 1000) : durationOf('Step', step)
  if (!isShown(endMs) || !isShown(endMs - rangeMs)) throw new ApiError('bad_data', 'the graph would be out of all time')
  return { startMs: endMs - rangeMs, endMs, stepMs }
}

/** Whether it has a date. */
function isShown(timeMs: number): boolean {
  return Math.abs(timeMs) <= 8.64e15
}

/** The parameters of `/api/v1/query_range`. Steps are counted from the end, so that the newest samples are always there. */
export function rangeParameters({ expr }: QueryState, times: GraphTimes, limit: number): URLSearchParams {
  const { endMs, startMs, stepMs } = times
  return new URLSearchParams({
    query: expr,
    start: String((endMs - Math.floor((endMs - startMs) / stepMs) * stepMs) / 1000),
    end: String(endMs / 1000),
    step: String(stepMs / 1000),
    limit: String(limit),
  })
}

function durationOf(name: string, text: string): number {
  try {
    const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text)
    if (ms > 0) return ms
    throw new DurationError('it has to be longer than nothing')
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new ApiError('bad_data', `${name}: ${error.message}`, { cause: error })
  }
}

/** `2026-01-31 08:00` and `2026-01-31T08:00Z` in seconds; other texts are left to the API. */
function apiTime(text: string): string {
  if (!/^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?: ?UTC|Z)?$/.test(text)) return seconds(text)
  const [date, time = '00:00'] = text.replace(/ ?UTC$|Z$/, '').split(/[ T]/)
  const timeMs = Date.parse(`${date}T${time}Z`)
  return Number.isNaN(timeMs) ? text : String(timeMs / 1000)
}

/** With a zone: `2026-01-31T08:00:00+01:00`. */
function seconds(text: string): string {
  const timeMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(timeMs) ? text : String(timeMs / 1000)
}

/** As the fields show a time. */
export function fieldTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
}
