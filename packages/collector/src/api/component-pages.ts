import type { ComponentView, ShownStatement } from '../graph/index.ts'
import { formatKey, formatValue, isArray, isObject } from '../syntax/index.ts'
import type { ObjectValue, Value } from '../syntax/index.ts'
import { escapeHtml, page } from './page.ts'

const REFRESH_SECONDS = 10

export function listPage(components: readonly ComponentView[]): string {
  const unhealthy = components.filter(({ health }) => health.state === 'unhealthy' || health.state === 'exited').length
  const rows = components.map(
    (view) =>
      `<tr><td>${healthMark(view)}</td><td class="id">${link(view.id)}</td><td>${escapeHtml(view.health.message)}</td></tr>`,
  )
  const table = `<div class="card"><table><thead><tr><th>Health</th><th>Component</th><th>Last event</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
  const body = `<h1>Components</h1><ul class="counts"><li><b>${components.length}</b> running</li><li><b>${unhealthy}</b> unhealthy</li></ul>${
    components.length > 0 ? table : '<div class="card empty">The configuration has no components.</div>'
  }`
  return page({ title: 'Components', current: '/', body, refreshSeconds: REFRESH_SECONDS })
}

export function detailPage(view: ComponentView): string {
  const section = (title: string, text: string): string =>
    text === '' ? '' : `<h2>${title}</h2><div class="card"><pre>${escapeHtml(text)}</pre></div>`
  const references = (title: string, ids: readonly string[]): string =>
    ids.length === 0 ? '' : `<tr><th>${title}</th><td class="id">${ids.map(link).join('<br>')}</td></tr>`
  const body = `<h1>${escapeHtml(view.id)}</h1>
<div class="card"><table><tbody><tr><th style="width:11rem">Health</th><td>${healthMark(view)} ${escapeHtml(view.health.message)}</td></tr>
<tr><th>Since</th><td>${new Date(view.health.updatedMs).toISOString()}</td></tr>${references('Refers to', view.referencesTo)}${references('Referred to by', view.referencedBy)}</tbody></table></div>
${section('Arguments', statementsText(view.shown))}${section('Exports', attributesText(view.exports))}${section('Debug info', attributesText(view.debugInfo))}`
  return page({ title: view.id, current: '', body })
}

export function notFoundPage(id: string): string {
  const body = `<h1>No such component</h1><p>The running configuration has no component <code>${escapeHtml(id)}</code>. <a href="/">All components</a></p>`
  return page({ title: 'Not found', current: '', body })
}

function healthMark({ health }: ComponentView): string {
  return `<span class="health ${health.state}">${health.state[0].toUpperCase()}${health.state.slice(1)}</span>`
}

function link(id: string): string {
  return `<a href="/component/${encodeURIComponent(id)}">${escapeHtml(id)}</a>`
}

/** The evaluated arguments as the configuration would write them. */
function statementsText(shown: readonly ShownStatement[], indent = ''): string {
  const width = Math.max(0, ...shown.map((statement) => (statement.kind === 'attribute' ? statement.name.length : 0)))
  return shown
    .map((statement) => {
      if (statement.kind === 'attribute')
        return `${indent}${statement.name.padEnd(width)} = ${valueText(statement.value, indent)}\n`
      const label = statement.label ? ` "${statement.label}"` : ''
      if (statement.body.length === 0) return `${indent}${statement.name}${label} { }\n`
      return `${indent}${statement.name}${label} {\n${statementsText(statement.body, indent + '  ')}${indent}}\n`
    })
    .join('')
}

function attributesText(values: ObjectValue): string {
  const width = Math.max(0, ...[...values.keys()].map((name) => name.length))
  return [...values].map(([name, value]) => `${name.padEnd(width)} = ${valueText(value, '')}\n`).join('')
}

const MAX_LINE = 90

function valueText(value: Value, indent: string): string {
  const line = formatValue(value)
  if (line.length <= MAX_LINE) return line
  const inner = indent + '  '
  if (isArray(value)) return `[\n${value.map((item) => `${inner}${valueText(item, inner)},\n`).join('')}${indent}]`
  if (isObject(value)) {
    return `{\n${[...value].map(([key, item]) => `${inner}${formatKey(key)} = ${valueText(item, inner)},\n`).join('')}${indent}}`
  }
  return line
}
