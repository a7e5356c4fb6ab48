import { labelText, type Rule } from './rules.ts'

/**
 * The part of a URL that names one rule of a data source. Names alone do not: a group may hold a rule twice, with other
 * labels or another expression.
 */
export function ruleId(rule: Rule): string {
  return ['pr', rule.file, rule.group, rule.name, hash(rule.query + labelText(rule.labels))].join('$')
}

export function findRule(rules: readonly Rule[], id: string): Rule | undefined {
  return rules.find((rule) => ruleId(rule) === id)
}

/** Path of the page of a rule. */
export function rulePath(rule: Rule): string {
  return `/alerting/${encodeURIComponent(rule.source.uid)}/${encodeURIComponent(ruleId(rule))}/view`
}

/** FNV-1a, 32 bits: tells apart, protects nothing. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return (value >>> 0).toString(16)
}
