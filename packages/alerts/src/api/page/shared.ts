import { sendPage } from '@quartet/runtime'
import type { FormToken, Html } from '@quartet/runtime'
import type { FastifyReply } from 'fastify'
import { quoteGo } from '@quartet/query'
import type { Labels } from '@quartet/model'
import type { ApiOptions } from '../api-options.ts'

export interface PageOptions extends ApiOptions {
  /** Prefix of links: the path under which people see us. */
  readonly linkPrefix: () => string
  readonly token: FormToken
  readonly configFile: string
}

export type Section = 'alerts' | 'silences' | 'status'

/** Above it the rest is counted, not shown. */
export const MAX_SHOWN = 500

/**
 * Upstream's interface keeps its places behind `#`, and mails and chat messages link to them: `/#/alerts?receiver=x` is our
 * `/?receiver=x`. One that is opened in a tab where we are already does not load the page: the hash changes.
 */
const HASH_LINKS = `function follow() {
  var place = /^#\\/(alerts|silences|status)(\\/[^?]*)?(\\?.*)?$/.exec(location.hash)
  if (!place) return
  var root = document.querySelector('nav a').getAttribute('href')
  location.replace(root + (place[1] === 'alerts' ? '' : place[1] + (place[2] || '')) + (place[3] || ''))
}
addEventListener('hashchange', follow)
follow()`

export function answer(
  reply: FastifyReply,
  options: PageOptions,
  current: Section,
  body: Html,
  status = 200,
): FastifyReply {
  const prefix = options.linkPrefix()
  const failing = options.engine().failingCount
  const page = {
    title: 'Alertmanager',
    navigation: [
      { text: 'Alerts', href: `${prefix}/`, isCurrent: current === 'alerts' },
      { text: 'Silences', href: `${prefix}/silences`, isCurrent: current === 'silences' },
      {
        text: failing > 0 ? `Status (${failing} failing)` : 'Status',
        href: `${prefix}/status`,
        isCurrent: current === 'status',
      },
    ],
    body,
    script: HASH_LINKS,
  }
  return sendPage(reply, page, status)
}

/** `{a="b", c="d"}` */
export function matcherText(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${nameText(name)}=${quoteGo(value)}`).join(', ')}}`
}

function nameText(name: string): string {
  return /^[A-Za-z_:][A-Za-z0-9_:]*$/.test(name) ? name : quoteGo(name)
}
