import { markup } from '@quartet/runtime'
import type { ApiContext } from '../context.ts'
import type { PageContent } from './frame.ts'

/** `/config` */
export async function configPage(context: ApiContext): Promise<PageContent> {
  const body = markup`<h2>Configuration</h2>
    <p class="dim">As it is in effect, defaults included; secrets are not shown.</p>
    <pre>${await context.config().text()}</pre>`
  return { body }
}
