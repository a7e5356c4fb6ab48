import { formatDuration } from '@quartet/query'
import { markup, spanText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { AlertingRule } from '@quartet/rules'
import type { Rule, RuleGroup } from '@quartet/rules'
import type { ApiContext } from '../context.ts'
import { labelChips, MAX_SHOWN, plural, queryHref, tookText } from './frame.ts'
import type { PageContent } from './frame.ts'
import { alertingFacts, alertTable, expression, outcome, stateBadge } from './rule-parts.ts'

/** `/rules`: every group with its rules. */
export function rulesPage({ clock, rules }: ApiContext): PageContent {
  const { groups } = rules
  const nowMs = clock.nowMs()
  const count = groups.reduce((sum, group) => sum + group.rules.length, 0)
  const cards: Html[] = []
  let room = MAX_SHOWN
  for (const group of groups) {
    if (room <= 0) break
    cards.push(groupCard(group, group.rules.slice(0, room), nowMs))
    room -= group.rules.length
  }
  const body = markup`<p class="dim">
      ${plural(count, 'rule')} in ${plural(groups.length, 'group')}${count > MAX_SHOWN && `; the first ${MAX_SHOWN} are shown`}
    </p>
    ${cards}${count === 0 && markup`<div class="card dim">There are no rules. They come from the <code>rule_files</code> of the configuration.</div>`}`
  return { body }
}

function groupCard(group: RuleGroup, rules: readonly Rule[], nowMs: number): Html {
  const { evaluationSeconds, intervalMs, lastEvaluationMs, spec } = group
  const isFailing = rules.some(({ health }) => health === 'err')
  const last =
    lastEvaluationMs === undefined
      ? 'not evaluated yet'
      : `last ${spanText(nowMs - lastEvaluationMs)} ago, took ${tookText(evaluationSeconds)}`
  return markup`<section class="card ${isFailing && 'edge-bad'}">
    <div class="row">
      <h3>${spec.name}</h3>
      <span class="dim small">${spec.file}</span>
      <span class="end dim small">every ${formatDuration(intervalMs)}, ${last}</span>
    </div>
    ${rules.map((rule) => ruleBlock(rule, nowMs))}
  </section>`
}

function ruleBlock(rule: Rule, nowMs: number): Html {
  const isAlerting = rule instanceof AlertingRule
  const active = isAlerting ? rule.activeAlerts.length : 0
  const name = isAlerting
    ? markup`<b>${rule.spec.name}</b>`
    : markup`<code><a href="${queryHref(rule.spec.name)}"><b>${rule.spec.name}</b></a></code>`
  return markup`<div style="margin-top:1rem;padding-top:.8rem;border-top:1px solid var(--line)">
    <div class="row">
      <span class="dim small">${isAlerting ? 'alert' : 'record'}</span> ${name}
      <span class="end row">${rule.health === 'err' && markup`<span class="badge bad">error</span>`}${isAlerting && stateBadge(rule.state)}</span>
    </div>
    ${expression(rule)}${outcome(rule, nowMs)}
    ${isAlerting ? alertingFacts(rule) : rule.spec.labels.length > 0 && labelChips(rule.spec.labels)}
    ${
      isAlerting &&
      active > 0 &&
      markup`<details style="margin-top:.5rem">
        <summary>${plural(active, 'active alert')}</summary>
        <div class="scroll">${alertTable(rule, nowMs)}</div>
      </details>`
    }
  </div>`
}
