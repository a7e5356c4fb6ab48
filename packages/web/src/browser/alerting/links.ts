import { bootData } from '../app/boot-data.ts'
import { emptyQuery, languageOf } from '../explore/languages.ts'
import { exploreUrl } from '../explore/url.ts'
import { matchersOf, formatMatcher, type Matcher } from './matchers.ts'
import type { Labels, Rule } from './rules.ts'

/** As {@link exploreRuleUrl}, for links that do not load the page again. */
export function exploreRulePath(rule: Pick<Rule, 'source' | 'query'>): string {
  return exploreRuleUrl(rule).slice(bootData.settings.appSubUrl.length)
}

/** Explore with a rule's expression. */
export function exploreRuleUrl(rule: Pick<Rule, 'source' | 'query'>): string {
  const { source, query } = rule
  const property = languageOf(source.type)?.property ?? 'expr'
  return exploreUrl({ datasource: source.uid, queries: [{ ...emptyQuery(source.type), [property]: query }] })
}

/** The form for a new silence, filled in for these labels. */
export function silencePath(labels: Labels): string {
  return newSilencePath(matchersOf(labels))
}

/** As {@link silencePath}, for every instance of a rule. */
export function silenceRulePath(rule: Pick<Rule, 'name' | 'labels'>): string {
  const fixed = Object.entries(rule.labels).filter(([, value]) => !value.includes('{{'))
  return silencePath({ ...Object.fromEntries(fixed), alertname: rule.name })
}

export function newSilencePath(matchers: readonly Matcher[]): string {
  const query = new URLSearchParams(matchers.map((matcher) => ['matcher', formatMatcher(matcher)]))
  return `/alerting/silence/new?${query.toString()}`
}

/** Links that annotations hold under names with a meaning. */
export function annotationLinks(annotations: Labels): { readonly text: string; readonly url: string }[] {
  const links: { text: string; url: string }[] = []
  const runbook = annotations['runbook_url'] ?? annotations['runbook']
  if (runbook !== undefined && isWebAddress(runbook)) links.push({ text: 'Runbook', url: runbook })
  const dashboard = annotations['__dashboardUid__'] ?? annotations['dashboard_uid']
  if (dashboard !== undefined && dashboard !== '') {
    const panel = annotations['__panelId__'] ?? annotations['panel_id']
    const view = panel === undefined ? '' : `?viewPanel=panel-${encodeURIComponent(panel)}`
    links.push({ text: 'Dashboard', url: `${bootData.settings.appSubUrl}/d/${encodeURIComponent(dashboard)}${view}` })
  }
  const dashboardUrl = annotations['dashboard_url'] ?? annotations['dashboard']
  if (dashboardUrl !== undefined && isWebAddress(dashboardUrl)) links.push({ text: 'Dashboard', url: dashboardUrl })
  return links
}

/** Only these may become links: an annotation is written by whoever writes rules, and may hold what others sent. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text) || /^\/(?!\/)[^\s\\]*$/.test(text)
}

export type TextPart = { readonly kind: 'text' | 'link'; readonly text: string }

/** Addresses within a text; a full stop behind one belongs to the sentence. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]/gi)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push({ kind: 'link', text: match[0] })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}
