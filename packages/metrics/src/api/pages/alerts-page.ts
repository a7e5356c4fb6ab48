import { markup } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { AlertingRule } from '@quartet/rules'
import type { ApiContext } from '../context.ts'
import type { Parameters } from '../parameters.ts'
import { MAX_SHOWN, plural } from './frame.ts'
import type { PageContent } from './frame.ts'
import { alertingFacts, alertTable, expression, outcome, stateBadge } from './rule-parts.ts'

const STATES = ['firing', 'pending', 'inactive', 'unknown'] as const
const EDGES = { firing: 'edge-bad', pending: 'edge-warn', inactive: 'edge-good', unknown: '' } as const

interface Placed {
  readonly rule: AlertingRule
  readonly place: string
}

/** `/alerts?state=`: the alerting rules, those that fire first. */
export function alertsPage({ clock, rules }: ApiContext, parameters: Parameters): PageContent {
  const nowMs = clock.nowMs()
  const all = rules.groups.flatMap(({ rules: members, spec }) =>
    members.flatMap((rule): Placed[] =>
      rule instanceof AlertingRule ? [{ rule, place: `${spec.file}, ${spec.name}` }] : [],
    ),
  )
  const wanted = STATES.find((state) => state === parameters.get('state'))
  const byState = Map.groupBy(all, ({ rule }) => rule.state)
  const shown = STATES.filter((state) => wanted === undefined || state === wanted).flatMap(
    (state) => byState.get(state) ?? [],
  )
  const tab = (state: string, text: string, count: number, isCurrent: boolean): Html =>
    markup`<a class="button${isCurrent && ' primary'}" href="alerts${state !== '' && `?state=${state}`}">${text} (${count})</a>`
  const body = markup`<div class="row" style="margin:1rem 0">
      ${tab('', 'all', all.length, wanted === undefined)}
      ${STATES.filter((state) => state !== 'unknown' || byState.has(state)).map((state) => tab(state, state, byState.get(state)?.length ?? 0, state === wanted))}
    </div>
    ${shown.slice(0, MAX_SHOWN).map((placed) => ruleCard(placed, nowMs))}
    ${shown.length > MAX_SHOWN && markup`<p class="dim">${plural(shown.length - MAX_SHOWN, 'more rule')}</p>`}
    ${shown.length === 0 && markup`<div class="card dim">${all.length === 0 ? 'There are no alerting rules.' : `No rule is ${wanted}.`}</div>`}`
  return { body }
}

function ruleCard({ place, rule }: Placed, nowMs: number): Html {
  const { state } = rule
  const active = rule.activeAlerts.length
  return markup`<section class="card ${EDGES[state]}">
    <div class="row">
      <h3>${rule.spec.name}</h3>
      ${stateBadge(state)}${active > 0 && markup`<span class="small">${plural(active, 'alert')}</span>`}
      <span class="end dim small">${place}</span>
    </div>
    ${active > 0 && markup`<div class="scroll" style="margin-top:.5rem">${alertTable(rule, nowMs)}</div>`}
    <details style="margin-top:.4rem">
      <summary class="dim small">Rule</summary>
      ${expression(rule)}${outcome(rule, nowMs)}${alertingFacts(rule)}
    </details>
    ${rule.health === 'err' && outcome(rule, nowMs)}
  </section>`
}
