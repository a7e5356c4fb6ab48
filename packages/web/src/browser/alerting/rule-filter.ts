import { ruleStates, type Rule } from './rules.ts'

/** What the search field of the rule list says, taken apart. */
export interface RuleFilter {
  readonly words: readonly string[]
  readonly states: readonly string[]
  readonly types: readonly string[]
  readonly sources: readonly string[]
  readonly health: readonly string[]
  readonly groups: readonly string[]
  readonly namespaces: readonly string[]
  readonly names: readonly string[]
  readonly labels: readonly { readonly name: string; readonly value: string | undefined }[]
}

type Keyword = 'state' | 'type' | 'datasource' | 'health' | 'group' | 'namespace' | 'rule' | 'label'
const keywords: ReadonlySet<string> = new Set([
  'state',
  'type',
  'datasource',
  'health',
  'group',
  'namespace',
  'rule',
  'label',
])

/**
 * Grafana's search language: words, and `state:firing type:alerting datasource:"My Prometheus" label:team=shop rule:… group:…
 * namespace:… health:ok`. Several of one keyword are alternatives, except labels, which must all hold.
 */
export function parseRuleFilter(text: string): RuleFilter {
  const found: Record<Keyword | 'word', string[]> = {
    state: [],
    type: [],
    datasource: [],
    health: [],
    group: [],
    namespace: [],
    rule: [],
    label: [],
    word: [],
  }
  for (const [keyword, value] of tokens(text)) found[keyword].push(value)
  return {
    words: found.word.map((word) => word.toLowerCase()),
    states: found.state.map((state) => (state === 'inactive' ? 'normal' : state)),
    types: found.type.map((type) => (type === 'alert' ? 'alerting' : type === 'record' ? 'recording' : type)),
    sources: found.datasource.map((name) => name.toLowerCase()),
    health: found.health.map((health) => (health === 'error' ? 'err' : health)),
    groups: found.group.map((name) => name.toLowerCase()),
    namespaces: found.namespace.map((name) => name.toLowerCase()),
    names: found.rule.map((name) => name.toLowerCase()),
    labels: found.label.map((label) => {
      const sign = label.indexOf('=')
      return sign < 0
        ? { name: label, value: undefined }
        : { name: label.slice(0, sign), value: unquote(label.slice(sign + 1)) }
    }),
  }
}

/** The same search with one keyword set to other values; everything else stays as it was written. */
export function withKeyword(text: string, keyword: 'state' | 'type' | 'datasource', values: readonly string[]): string {
  const kept = [...tokens(text)].filter(([kind]) => kind !== keyword).map(([kind, value]) => written(kind, value))
  return [...values.map((value) => written(keyword, value)), ...kept].join(' ')
}

export function matchesRule(rule: Rule, filter: RuleFilter): boolean {
  const has = (wanted: readonly string[], ...values: readonly string[]): boolean =>
    wanted.length === 0 || wanted.some((text) => values.some((value) => value.toLowerCase().includes(text)))
  if (filter.states.length > 0 && !filter.states.includes(rule.state)) return false
  if (filter.types.length > 0 && !filter.types.includes(rule.kind)) return false
  if (filter.health.length > 0 && !filter.health.includes(rule.health)) return false
  if (!has(filter.sources, rule.source.name, rule.source.uid)) return false
  if (!has(filter.groups, rule.group)) return false
  if (!has(filter.namespaces, rule.file)) return false
  if (!has(filter.names, rule.name)) return false
  if (!filter.labels.every((label) => hasLabel(rule, label))) return false
  const haystack = [rule.name, rule.group, rule.file, rule.query, ...Object.entries(rule.labels).flat()]
  return filter.words.every((word) => has([word], ...haystack))
}

/** A label may stand in the rule or only in its instances, where the query put it. */
function hasLabel(rule: Rule, { name, value }: RuleFilter['labels'][number]): boolean {
  return [rule.labels, ...rule.instances.map(({ labels }) => labels)].some((labels) =>
    value === undefined ? name in labels : labels[name] === value,
  )
}

/** States that the search can name. */
export const filterStates = ruleStates.filter((state) => state !== 'recording')

function* tokens(text: string): Generator<[Keyword | 'word', string]> {
  for (const [token] of text.matchAll(/(?:"[^"]*"|[^\s"])+/g)) {
    const colon = token.indexOf(':')
    const keyword = colon < 0 ? '' : token.slice(0, colon)
    // A metric may have a colon in its name.
    if (keywords.has(keyword) && token.length > colon + 1) {
      const value = token.slice(colon + 1)
      yield [keyword as Keyword, keyword === 'label' ? unquoteWhole(value) : unquote(value)]
    } else yield ['word', unquote(token)]
  }
}

function written(kind: Keyword | 'word', value: string): string {
  const quoted = /[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value
  return kind === 'word' ? quoted : `${kind}:${quoted}`
}

function unquote(text: string): string {
  return text.replaceAll('"', '')
}

function unquoteWhole(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
