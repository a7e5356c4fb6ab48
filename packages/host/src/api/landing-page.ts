/** The page at `/`: what this is and where its metrics are. No script, nothing from elsewhere. */
export function landingPage(options: { title: string; what: string; path: string }): string {
  const { path, title, what } = options
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><link rel="icon" href="data:,">
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}</style></head>
<body><h1>${title}</h1><p>${what}</p><p><a href="${path}">Metrics</a></p></body></html>`
}
