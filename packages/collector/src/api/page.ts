/** Text that may stand in HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** One whole page in the frame that all have. No script and nothing from elsewhere. */
export function page(options: { title: string; current: string; body: string; refreshSeconds?: number }): string {
  const link = (href: string, name: string): string =>
    `<a href="${href}"${options.current === href ? ' aria-current="page"' : ''}>${name}</a>`
  const refresh = options.refreshSeconds ? `<meta http-equiv="refresh" content="${options.refreshSeconds}">` : ''
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<title>${escapeHtml(options.title)} · Collector</title><style>${STYLE}</style></head>
<body><header><strong><a href="/">Quartet <span>collector</span></a></strong><nav>${link('/', 'Components')}${link('/graph', 'Graph')}<a href="/metrics">Metrics</a></nav></header>
<main>${options.body}</main></body></html>
`
}

const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--line:#dfe3ea;--text:#1d2430;--dim:#5d6878;--link:#1f5fbf;--good:#1a7f4b;--bad:#c4322b;--idle:#8a6d1c;--code:#f0f2f6}
@media (prefers-color-scheme:dark){:root{--bg:#111418;--card:#191d23;--line:#2c333d;--text:#e3e7ed;--dim:#98a2b1;--link:#7db1ff;--good:#4cc38a;--bad:#ff7b72;--idle:#d8b45a;--code:#22272f}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header{display:flex;gap:2rem;align-items:center;padding:.8rem 1.5rem;background:var(--card);border-bottom:1px solid var(--line)}
header a{color:inherit;text-decoration:none}header strong span{font-weight:400;color:var(--dim)}nav{display:flex;gap:1.2rem}nav a{color:var(--dim);padding:.2rem 0}
nav a[aria-current]{color:var(--text);border-bottom:2px solid var(--link)}nav a:hover{color:var(--text)}
main{max-width:1180px;margin:0 auto;padding:1.5rem}h1{font-size:1.3rem;margin:.2rem 0 1rem;overflow-wrap:anywhere}h2{font-size:1rem;margin:1.8rem 0 .6rem}
a{color:var(--link)}.sub{color:var(--dim);margin:-.7rem 0 1.2rem}.card{background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:auto}
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:.55rem .9rem;border-bottom:1px solid var(--line);vertical-align:top}tr:last-child>td,tr:last-child>th{border-bottom:0}
thead th{font-size:.8rem;font-weight:600;color:var(--dim)}td.id{font-family:ui-monospace,monospace;font-size:.9rem;overflow-wrap:anywhere}
.health{display:inline-block;min-width:5.6rem;font-weight:600}.health::before{content:"";display:inline-block;width:.6rem;height:.6rem;border-radius:50%;margin-right:.45rem;background:currentColor}
.healthy{color:var(--good)}.unhealthy,.exited{color:var(--bad)}.unknown{color:var(--idle)}
pre{margin:0;padding:.9rem;font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--code)}
.counts{display:flex;gap:1.5rem;margin:0 0 1.2rem;padding:0;list-style:none;color:var(--dim)}.counts b{color:var(--text);font-size:1.1rem}
svg{display:block}svg a{text-decoration:none}svg rect{fill:var(--card);stroke:var(--line)}svg text{fill:var(--text);font:13px ui-monospace,monospace}svg text.kind{fill:var(--dim);font-size:11px}svg path{fill:none;stroke:var(--dim);stroke-width:1.4;opacity:.7}svg a:hover rect{stroke:var(--link)}
.empty{padding:1.2rem;color:var(--dim)}`
