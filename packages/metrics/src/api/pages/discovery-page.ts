import { markup } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import type { ApiContext } from '../context.ts'
import { labelChips, plural } from './frame.ts'
import type { PageContent } from './frame.ts'

/** Of each job, of each kind. */
const SHOWN_PER_JOB = 100

/** `/service-discovery`: what each job found, and what relabelling left of it. */
export function discoveryPage({ scrapes }: ApiContext): PageContent {
  const jobs = [...scrapes.jobNames].sort()
  const active = Map.groupBy(scrapes.active(), ({ job }) => job)
  const dropped = Map.groupBy(scrapes.dropped(), ({ job }) => job)
  const body = markup`<h2>Service discovery</h2>
    ${jobs.length === 0 && markup`<div class="card dim">The configuration has no jobs.</div>`}
    ${jobs.map((job) => {
      const kept = active.get(job) ?? []
      const left = dropped.get(job) ?? []
      return markup`<section class="card">
        <div class="row">
          <h3>${job}</h3>
          <span class="end small"><b>${kept.length}</b> active of ${plural(kept.length + left.length, 'target')} found</span>
        </div>
        ${
          kept.length > 0 &&
          labelTable(
            'Active',
            kept.length,
            kept
              .slice(0, SHOWN_PER_JOB)
              .map(({ target }) => [labelChips(target.discoveredLabels), labelChips(target.labels)]),
          )
        }
        ${
          left.length > 0 &&
          labelTable(
            'Dropped',
            left.length,
            left
              .slice(0, SHOWN_PER_JOB)
              .map(({ discoveredLabels }) => [labelChips(discoveredLabels), markup`<span class="dim">dropped</span>`]),
          )
        }
      </section>`
    })}`
  return { body }
}

function labelTable(title: string, count: number, rows: readonly (readonly [Html, Html])[]): Html {
  return markup`<details style="margin-top:.5rem">
    <summary>${title} (${count})</summary>
    <table>
      <thead>
        <tr>
          <th style="width:55%">As discovered</th>
          <th>After relabelling</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([before, after]) =>
            markup`<tr>
              <td>${before}</td>
              <td>${after}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${count > rows.length && markup`<p class="dim small">${count - rows.length} more</p>`}
  </details>`
}
