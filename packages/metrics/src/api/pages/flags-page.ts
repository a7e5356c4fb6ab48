import { markup } from '@quartet/runtime'
import type { ApiContext } from '../context.ts'
import type { Parameters } from '../parameters.ts'
import { plural } from './frame.ts'
import type { PageContent } from './frame.ts'

/** `/flags?search=` */
export function flagsPage({ flags }: ApiContext, parameters: Parameters): PageContent {
  const search = parameters.get('search')
  const shown = Object.entries(flags)
    .filter(([name, value]) => `--${name}=${value}`.includes(search))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const body = markup`<h2>Flags</h2>
    <form class="card row" method="get" action="flags">
      <label style="flex:1 1 16rem">Name or value contains<input name="search" value="${search}" spellcheck="false"/></label>
      <span class="end row"><span class="dim small">${plural(shown.length, 'flag')}</span><button class="primary">Filter</button></span>
    </form>
    <div class="card">
      <table>
        <thead>
          <tr>
            <th>Flag</th>
            <th>Value</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            ([name, value]) =>
              markup`<tr>
                <td><code>--${name}</code></td>
                <td>${value === '' ? markup`<span class="dim">empty</span>` : markup`<code>${value}</code>`}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
  return { body }
}
