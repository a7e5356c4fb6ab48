import type { FastifyReply } from 'fastify'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/*
 * Pages that systems show of themselves: HTML written on the server, one style for all, no framework and nothing fetched from
 * elsewhere.
 */

/** A piece of HTML; everything else that comes into {@link markup} is escaped. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Piece = Html | string | number | undefined | false | readonly Piece[]

/** markup`<b>${name}</b>`: values are escaped, lists joined; `undefined` and `false` write nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Piece[]): Html {
  let text = parts[0]
  for (const [index, value] of values.entries()) text += write(value) + parts[index + 1]
  return new Html(text)
}

function write(value: Piece): string {
  if (value instanceof Html) return value.text
  if (value === undefined || value === false) return ''
  if (typeof value === 'object') return value.map(write).join('')
  return String(value).replace(/[&<>"']/g, (char) => ENTITIES[char])
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export interface PageFrame {
  readonly title: string
  /** What stands beside the navigation, when it is not the title. */
  readonly heading?: string
  /** Beside the heading. */
  readonly navigation: readonly { readonly text: string; readonly href: string; readonly isCurrent?: boolean }[]
  readonly body: Html
  /** Rules of the page itself, constant as its script. */
  readonly style?: string
  /** A constant script of the page, allowed by its hash; no other runs. */
  readonly script?: string
}

/** Answers with a page that nobody may frame and that runs nothing but its own script. */
export function sendPage(reply: FastifyReply, frame: PageFrame, status = 200): FastifyReply {
  const { script } = frame
  const hash = script && `'sha256-${createHash('sha256').update(script).digest('base64')}'`
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; ${hash ? `script-src ${hash}; ` : ''}form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .send(render(frame))
}

function render({ body, heading, navigation, script, style, title }: PageFrame): string {
  const links = navigation.map(
    ({ href, isCurrent, text }) =>
      markup`<a href="${href}" ${isCurrent ? new Html('aria-current="page"') : ''}>${text}</a>`,
  )
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(PAGE_STYLE + (style ?? ''))}
        </style>
      </head>
      <body>
        <header>
          <div>
            <h1>${heading ?? title}</h1>
            <nav>${links}</nav>
          </div>
        </header>
        <main>${body}</main>
        ${script ? new Html(`<script>${script}</script>`) : ''}
      </body>
    </html>`.text
}

/** Goes with every form of a page, so that other sites cannot send it: they cannot read it. One per process. */
export class FormToken {
  readonly value: string = randomBytes(24).toString('base64url')

  isIn(form: URLSearchParams): boolean {
    const [left, right] = [Buffer.from(form.get('token') ?? ''), Buffer.from(this.value)]
    return left.length === right.length && timingSafeEqual(left, right)
  }
}

/** Follows the reader's light or dark setting. */
const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5b6570; --line: #d8dee4; --card: #fff; --back: #f6f8fa; --field: #fff; --accent: #0a66c2; --on-accent: #fff; --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; --soft: #eef2f6 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa5b1; --line: #30363d; --card: #161b22; --back: #0d1117; --field: #0d1117; --accent: #6cb2ff; --on-accent: #0d1117; --good: #3fb950; --bad: #ff7b72; --warn: #d8a531; --soft: #21262d } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif }
header { background: var(--card); border-bottom: 1px solid var(--line) }
header > div { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; display: flex; gap: 2rem; align-items: center; flex-wrap: wrap }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem 3rem }
h1 { font-size: 1.15rem; margin: .8rem 0 } h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem } h3 { font-size: 1rem; margin: 0 }
nav { display: flex; gap: .25rem; flex-wrap: wrap }
nav a { padding: .8rem .75rem; color: var(--dim); text-decoration: none; border-bottom: 2px solid transparent }
nav a:hover { color: var(--ink) } nav a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600 }
a { color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px }
.dim { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) } .small { font-size: 13px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1.1rem; margin: .75rem 0 }
.card.edge-bad { border-left: 4px solid var(--bad) } .card.edge-warn { border-left: 4px solid var(--warn) } .card.edge-good { border-left: 4px solid var(--good) }
.row { display: flex; gap: .6rem; align-items: center; flex-wrap: wrap } .row .end { margin-left: auto }
.chips { display: flex; gap: .35rem; flex-wrap: wrap }
.chip { background: var(--soft); border-radius: 1rem; padding: .1rem .6rem; font: 13px ui-monospace, Menlo, Consolas, monospace; color: var(--ink); text-decoration: none; overflow-wrap: anywhere }
a.chip:hover { background: var(--line) }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .55rem; font-size: 12px; font-weight: 600; white-space: nowrap }
summary { cursor: pointer } details > *:not(summary) { margin-top: .5rem }
table { border-collapse: collapse; width: 100% } th { font-weight: 600; color: var(--dim); font-size: 13px }
td, th { text-align: left; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere } tbody tr:last-child > * { border-bottom: 0 }
pre { background: var(--soft); border-radius: 6px; padding: .8rem 1rem; overflow: auto; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; margin: .5rem 0 0 }
label { font-size: 13px; color: var(--dim) } label.check { display: inline-flex; gap: .35rem; align-items: center; color: var(--ink) }
input:not([type=checkbox]), select, textarea { display: block; width: 100%; font: inherit; color: var(--ink); background: var(--field); border: 1px solid var(--line); border-radius: 6px; padding: .4rem .6rem; margin-top: .15rem }
textarea, input.code { font: 14px ui-monospace, Menlo, Consolas, monospace }
.fields { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)) } .fields .wide { grid-column: 1 / -1 }
button, a.button { font: inherit; padding: .35rem .9rem; border-radius: 6px; border: 1px solid var(--line); background: var(--card); color: var(--ink); cursor: pointer; text-decoration: none; display: inline-block }
button:hover, a.button:hover { background: var(--soft) }
button.primary, a.button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600 }
button.danger { border-color: var(--bad); color: var(--bad) } button.danger:hover { background: var(--bad); color: var(--card) }
`
