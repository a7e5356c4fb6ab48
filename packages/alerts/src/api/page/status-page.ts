import { markup, spanText, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { printConfig } from '../../config/print-config.ts'
import { isFailing } from '../../notify/integration-status.ts'
import type { IntegrationStatus } from '../../notify/integration-status.ts'
import type { PageOptions } from './shared.ts'

/** `/status`: how every receiver is doing, and what runs. */
export function statusPage(options: PageOptions): Html {
  const { configFile, engine, nowMs, silences, startedAtMs, store } = options
  const current = engine()
  const now = nowMs()
  const facts: [string, string][] = [
    ['Stands in for', 'Alertmanager 0.30.0'],
    ['Running on', `Node ${process.version}`],
    ['Started', `${timeText(startedAtMs)} (${spanText(now - startedAtMs)} ago)`],
    ['Configuration', configFile],
    ['Alerts', String(store.size)],
    ['Groups', String(current.dispatcher.groupCount)],
    [
      'Silences',
      `${silences.count('active')} active, ${silences.count('pending')} pending, ${silences.count('expired')} expired`,
    ],
    ['Cluster', 'disabled'],
  ]
  return markup`<h2>Receivers</h2>
    ${current
      .integrationStatuses()
      .map(({ integrations, receiver }) => receiverCard(options, receiver, integrations, now))}
    <h2>Running</h2>
    <div class="card">
      <table>
        ${facts.map(
          ([name, value]) =>
            markup`<tr>
              <th scope="row" style="width:10rem">${name}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </table>
    </div>
    <h2>Configuration</h2>
    <details class="card" open>
      <summary>As it is in effect; secrets are not shown</summary>
      <pre>${printConfig(current.config)}</pre>
    </details>`
}

function receiverCard(
  { engine }: PageOptions,
  receiver: string,
  integrations: readonly IntegrationStatus[],
  now: number,
): Html {
  const off = engine().leftOut.filter((entry) => entry.receiver === receiver)
  const edge = integrations.some(isFailing) ? ' edge-bad' : ''
  return markup`<section class="card${edge}">
    <h3>${receiver}</h3>
    ${
      integrations.length > 0 &&
      markup`<table>
        <thead>
          <tr>
            <th>Integration</th>
            <th>State</th>
            <th>Last attempt</th>
            <th>Attempts</th>
          </tr>
        </thead>
        <tbody>
          ${integrations.map((status) => integrationRow(status, now))}
        </tbody>
      </table>`
    }
    ${off.map(
      ({ integration, missing, unset }) =>
        markup`<p>
          <span class="badge warn">off</span> <b>${integration}</b>: ${missing.join(', ')}
          ${missing.length > 1 ? 'are' : 'is'} empty.
          ${unset.length > 0 && markup`Set ${unset.map((name, index) => markup`${index > 0 && ', '}<code>${name}</code>`)} in the environment and start again.`}
        </p>`,
    )}
    ${integrations.length === 0 && off.length === 0 && markup`<p class="dim">Has no integration: its alerts are shown here and sent nowhere.</p>`}
  </section>`
}

function integrationRow(status: IntegrationStatus, now: number): Html {
  const { attempts, failures, index, lastAttemptMs, lastDurationMs, lastError, lastErrorMs, lastSuccessMs, name } =
    status
  const state =
    attempts === 0
      ? markup`<span class="badge dim">not used yet</span>`
      : isFailing(status)
        ? markup`<span class="badge bad">failing</span>`
        : markup`<span class="badge good">working</span>`
  const last =
    lastAttemptMs === undefined
      ? '–'
      : markup`${spanText(now - lastAttemptMs)} ago, took ${Math.round(lastDurationMs)}
        ms${lastSuccessMs !== undefined && isFailing(status) && markup`<br /><span class="dim small">last delivered ${timeText(lastSuccessMs)}</span>`}`
  const why =
    lastError !== undefined &&
    markup`<br /><span class="${isFailing(status) ? 'bad' : 'dim small'}">${isFailing(status) ? lastError : `last error, ${timeText(lastErrorMs!)}: ${lastError}`}</span>`
  return markup`<tr>
    <td>${name}[${index}]</td>
    <td>${state}${why}</td>
    <td>${last}</td>
    <td>${attempts}${failures > 0 && markup` <span class="dim">(${failures} failed)</span>`}</td>
  </tr>`
}
