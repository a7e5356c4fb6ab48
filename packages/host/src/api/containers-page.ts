import type { ContainerExporter, SeenContainer } from '../containers/container-exporter.ts'

const STYLE = `:root{color-scheme:light dark;--line:#8884;--dim:#888}body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .25rem}p{margin:0 0 1.25rem;color:var(--dim)}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .75rem;border-bottom:1px solid var(--line)}th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.id{display:block;max-width:28rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--dim);font-size:.85em}`
/** More than a person reads; the API has all of them. */
const MAX_ROWS = 500

/** Containers first, then other cgroups: what each uses and may use now. No script, nothing from elsewhere. */
export async function containersPage(exporter: ContainerExporter, metricsPath: string): Promise<string> {
  const seen: SeenContainer[] = []
  let problem = ''
  try {
    for await (const each of exporter.containers()) seen.push(each)
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  const count = seen.filter(({ containerId }) => containerId !== undefined).length
  const rank = (each: SeenContainer): number => (each.containerId === undefined ? 1 : 0)
  const rows = seen.sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1)).slice(0, MAX_ROWS)
  const head =
    '<tr><th>Name</th><th class="n">CPU time</th><th class="n">CPU limit</th><th class="n">Memory</th><th class="n">Memory limit</th><th class="n">Processes</th></tr>'
  const table = `<table><thead>${head}</thead><tbody>${rows.map(row).join('')}</tbody></table>`
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Containers</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><h1>Containers</h1><p>${count} containers, ${seen.length - count} other cgroups of this machine. <a href="${escape(metricsPath)}">Metrics</a> · <a href="/api/v1.3/subcontainers/">JSON</a></p>
${problem === '' ? table : `<p>${escape(problem)}</p>`}</body></html>`
}

function row({ id, name, stats: { cpu, cpuSpec, memory, memorySpec, pids, threads } }: SeenContainer): string {
  const cores = cpuSpec.quota !== undefined && cpuSpec.period ? (cpuSpec.quota / cpuSpec.period).toFixed(2) : ''
  const cells = [
    cpu?.usage === undefined ? '' : `${cpu.usage.toFixed(1)} s`,
    cores === '' ? '' : `${cores} cores`,
    memory ? mebibytes(memory.workingSet) : '',
    memorySpec.limit ? mebibytes(memorySpec.limit) : '',
    String(threads?.current ?? pids.length),
  ]
  const title = name.name === '' ? '' : `<b>${escape(name.name)}</b> ${escape(name.image)}`
  return `<tr><td>${title}<span class="id" title="${escape(id)}">${escape(id)}</span></td>${cells.map((text) => `<td class="n">${text}</td>`).join('')}</tr>`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char]!)
}
