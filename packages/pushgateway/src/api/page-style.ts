/** Follows the reader's light or dark setting; no font, image or script is fetched from anywhere. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5b6570; --line: #d8dee4; --card: #fff; --back: #f6f8fa; --accent: #0a66c2; --good: #1a7f37; --bad: #cf222e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa5b1; --line: #30363d; --card: #161b22; --back: #0d1117; --accent: #6cb2ff; --good: #3fb950; --bad: #ff7b72 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main, header { max-width: 70rem; margin: 0 auto; padding: 1rem 1.25rem }
header { display: flex; gap: 1.25rem; align-items: baseline; flex-wrap: wrap }
h1 { font-size: 1.3rem; margin: 0 }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
a { color: var(--accent) }
.dim { color: var(--dim) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: .75rem 0 }
.row { display: flex; gap: .75rem; align-items: center; flex-wrap: wrap }
.row .end { margin-left: auto }
.label { border: 1px solid var(--line); border-radius: 1rem; padding: .05rem .6rem; font: 13px ui-monospace, monospace; overflow-wrap: anywhere }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
summary { cursor: pointer }
table { border-collapse: collapse; width: 100%; font: 13px ui-monospace, monospace }
td, th { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td.number { text-align: right; white-space: nowrap }
button { font: inherit; padding: .25rem .8rem; border-radius: 6px; border: 1px solid var(--bad); background: transparent; color: var(--bad); cursor: pointer }
button:hover, button:focus-visible { background: var(--bad); color: var(--card) }
`
