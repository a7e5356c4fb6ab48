import { labelsToRecord } from '@quartet/model'
import { formatDuration } from '@quartet/query'
import { linked, markup, spanText, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import type { AlertingRule, Rule } from '@quartet/rules'
import { formatSample } from '../json-bytes.ts'
import { labelChips, plural, queryHref, seriesText, tookText } from './frame.ts'

/** Alerts of one rule; the rest is counted. */
const ALERTS_PER_RULE = 100

const COLORS = { firing: 'bad', pending: 'warn', inactive: 'good', unknown: 'dim' } as const

export function stateBadge(state: keyof typeof COLORS): Html {
  return markup`<span class="badge ${COLORS[state]}">${state}</span>`
}

/** What the rule asks, as a link to its result. */
export function expression({ spec }: Rule): Html {
  return markup`<pre style="white-space:pre-wrap"><a href="${queryHref(spec.expr)}" style="color:inherit;text-decoration:none">${spec.expr}</a></pre>`
}

/** When it was evaluated last, and what went wrong. */
export function outcome(rule: Rule, nowMs: number): Html {
  const { evaluationSeconds, health, lastError, lastEvaluationMs } = rule
  const when =
    lastEvaluationMs === undefined
      ? 'not evaluated yet'
      : `evaluated ${spanText(nowMs - lastEvaluationMs)} ago, took ${tookText(evaluationSeconds)}`
  return markup`<div class="small ${health === 'err' ? 'bad' : 'dim'}" style="margin-top:.35rem">
    ${health === 'err' && markup`<b>${lastError?.message ?? 'failed'}</b>; `}${when}
  </div>`
}

/** Duration, labels and annotations as they are written: with their templates. */
export function alertingFacts({ spec }: AlertingRule): Html {
  const { annotations, forMs, keepFiringForMs, labels } = spec
  return markup`<div class="small dim" style="margin-top:.35rem">
      ${forMs > 0 ? `for ${formatDuration(forMs)}` : 'fires at once'}${keepFiringForMs > 0 && `, keeps firing for ${formatDuration(keepFiringForMs)}`}
    </div>
    ${labels.length > 0 && labelChips(labels)}
    ${annotations.length > 0 && annotationTable(labelsToRecord(annotations))}`
}

function annotationTable(annotations: Readonly<Record<string, string>>): Html {
  return markup`<table class="small">
    <tbody>
      ${Object.entries(annotations).map(
        ([name, text]) =>
          markup`<tr>
            <th scope="row" style="width:9rem">${name}</th>
            <td style="white-space:pre-line">${linked(text)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

export function alertTable(rule: AlertingRule, nowMs: number): Html {
  const alerts = rule.activeAlerts
  const order = (state: string): number => (state === 'firing' ? 0 : 1)
  alerts.sort((a, b) => order(a.state) - order(b.state) || a.activeAtMs - b.activeAtMs)
  return markup`<table>
      <thead>
        <tr>
          <th>Alert</th>
          <th style="width:6rem">State</th>
          <th style="width:8rem">Active</th>
          <th class="value" style="width:9rem">Value</th>
        </tr>
      </thead>
      <tbody>
        ${alerts.slice(0, ALERTS_PER_RULE).map(
          ({ activeAtMs, annotations, keepFiringSinceMs, labels, state, value }) =>
            markup`<tr>
              <td>${seriesText(labelsToRecord(labels))}${annotations.length > 0 && annotationTable(labelsToRecord(annotations))}</td>
              <td>${stateBadge(state)}${keepFiringSinceMs !== undefined && markup`<div class="small dim">kept since ${timeText(keepFiringSinceMs)}</div>`}</td>
              <td class="nowrap"><span title="${timeText(activeAtMs)}">${spanText(nowMs - activeAtMs)}</span></td>
              <td class="value">${formatSample(value)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${alerts.length > ALERTS_PER_RULE && markup`<p class="dim small">${plural(alerts.length - ALERTS_PER_RULE, 'more alert')}</p>`}`
}
