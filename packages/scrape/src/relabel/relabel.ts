import { createHash } from 'node:crypto'

import { labelsFromPairs } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { compileRegex, expandTemplate } from '@quartet/query'
import type { Regex, RegexMatch } from '@quartet/query'

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const
export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

/** A relabelling rule as it is written, before {@link createRelabelRule} has filled in defaults and checked it. */
export interface RelabelRuleConfig {
  readonly sourceLabels?: readonly string[] | undefined
  readonly separator?: string | undefined
  readonly regex?: string | undefined
  readonly modulus?: number | undefined
  readonly targetLabel?: string | undefined
  readonly replacement?: string | undefined
  readonly action?: string | undefined
  /** `metric_name_validation_scheme: legacy`: label names are ASCII words. */
  readonly legacyNames?: boolean | undefined
}

/** A checked rule with its expression compiled. Make one with {@link createRelabelRule}. */
export interface RelabelRule {
  readonly action: RelabelAction
  readonly sourceLabels: readonly string[]
  readonly separator: string
  readonly pattern: string
  readonly regex: Regex
  readonly modulus: number
  readonly targetLabel: string
  readonly replacement: string
}

const DEFAULT_REGEX = '(.*)'
const DEFAULT_REPLACEMENT = '$1'
const DEFAULT_SEPARATOR = ';'

/**
 * Fills in the defaults and checks the rule as `relabel.Config.Validate` of Prometheus does.
 * @throws Error with upstream's text
 */
export function createRelabelRule(config: RelabelRuleConfig): RelabelRule {
  const action = (config.action ?? 'replace').toLowerCase()
  if (action === '') throw new Error('relabel action cannot be empty')
  if (!isAction(action)) throw new Error(`unknown relabel action ${JSON.stringify(action)}`)
  const rule: RelabelRule = {
    action,
    sourceLabels: config.sourceLabels ?? [],
    separator: config.separator ?? DEFAULT_SEPARATOR,
    pattern: config.regex ?? DEFAULT_REGEX,
    regex: compileRegex(config.regex ?? DEFAULT_REGEX, { anchored: true, dotAll: true }),
    modulus: config.modulus ?? 0,
    targetLabel: config.targetLabel ?? '',
    replacement: config.replacement ?? DEFAULT_REPLACEMENT,
  }
  check(rule, config)
  return rule
}

function isAction(text: string): text is RelabelAction {
  return (RELABEL_ACTIONS as readonly string[]).includes(text)
}

const NEEDS_TARGET = new Set<RelabelAction>(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'])
const IGNORES_REGEX = new Set<RelabelAction>(['keepequal', 'dropequal'])
const ONLY_REGEX = new Set<RelabelAction>(['labeldrop', 'labelkeep'])

function check(rule: RelabelRule, config: RelabelRuleConfig): void {
  const { action, targetLabel } = rule
  const isName = config.legacyNames ? isLegacyLabelName : isLabelName
  if (rule.modulus === 0 && action === 'hashmod')
    throw new Error('relabel configuration for hashmod requires non-zero modulus')
  if (NEEDS_TARGET.has(action) && targetLabel === '') {
    throw new Error(`relabel configuration for ${action} action requires 'target_label' value`)
  }
  if (action === 'replace' && !targetLabel.includes('$') && !isName(targetLabel)) {
    throw new Error(`"${targetLabel}" is invalid 'target_label' for ${action} action`)
  }
  if (['lowercase', 'uppercase', 'keepequal', 'dropequal'].includes(action) && !isName(targetLabel)) {
    throw new Error(`"${targetLabel}" is invalid 'target_label' for ${action} action`)
  }
  if ((action === 'lowercase' || action === 'uppercase') && rule.replacement !== DEFAULT_REPLACEMENT) {
    throw new Error(`'replacement' can not be set for ${action} action`)
  }
  if (action === 'labelmap' && !isName(rule.replacement.replaceAll(/\$(?:\d+|\w+|\{\w+\})/g, 'x'))) {
    throw new Error(`"${rule.replacement}" is invalid 'replacement' for ${action} action`)
  }
  if (action === 'hashmod' && !isName(targetLabel)) {
    throw new Error(`"${targetLabel}" is invalid 'target_label' for ${action} action`)
  }
  const others = [config.modulus, config.separator, config.replacement, config.regex]
  if (IGNORES_REGEX.has(action) && others.some((value) => value !== undefined && value !== 0)) {
    throw new Error(`${action} action requires only 'source_labels' and \`target_label\`, and no other fields`)
  }
  if (
    ONLY_REGEX.has(action) &&
    (rule.sourceLabels.length > 0 ||
      targetLabel !== '' ||
      rule.modulus !== 0 ||
      config.separator !== undefined ||
      config.replacement !== undefined)
  ) {
    throw new Error(`${action} action requires only 'regex', and no other fields`)
  }
}

/** UTF-8 names are allowed since Prometheus 3: any text that is not empty. */
function isLabelName(text: string): boolean {
  return text !== '' && text.isWellFormed()
}

function isLegacyLabelName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text)
}

/** Applies the rules in order. `undefined` means that a rule dropped the whole label set. */
export function relabel(labels: Labels, rules: readonly RelabelRule[]): Labels | undefined {
  if (rules.length === 0) return labels
  const work = new Map<string, string>(labels)
  for (const rule of rules) if (!applyRule(work, rule)) return undefined
  return labelsFromPairs(work)
}

function applyRule(work: Map<string, string>, rule: RelabelRule): boolean {
  switch (rule.action) {
    case 'keep':
      return rule.regex.test(source(work, rule))
    case 'drop':
      return !rule.regex.test(source(work, rule))
    case 'keepequal':
      return (work.get(rule.targetLabel) ?? '') === source(work, rule)
    case 'dropequal':
      return (work.get(rule.targetLabel) ?? '') !== source(work, rule)
    case 'replace':
      replace(work, rule)
      return true
    case 'lowercase':
      assign(work, rule.targetLabel, source(work, rule).toLowerCase())
      return true
    case 'uppercase':
      assign(work, rule.targetLabel, source(work, rule).toUpperCase())
      return true
    case 'hashmod':
      assign(work, rule.targetLabel, hashMod(source(work, rule), rule.modulus))
      return true
    case 'labelmap':
      for (const [name, value] of Array.from(work)) {
        const match = rule.regex.exec(name)
        if (match) assign(work, expand(rule.replacement, rule, match), value)
      }
      return true
    case 'labeldrop':
      for (const name of work.keys()) if (rule.regex.test(name)) work.delete(name)
      return true
    case 'labelkeep':
      for (const name of work.keys()) if (!rule.regex.test(name)) work.delete(name)
      return true
  }
}

function replace(work: Map<string, string>, rule: RelabelRule): void {
  const text = source(work, rule)
  // The usual rule copies a text to a label that it names: no expression has to run.
  if (rule.pattern === DEFAULT_REGEX && !rule.targetLabel.includes('$')) {
    if (rule.replacement === DEFAULT_REPLACEMENT) return assign(work, rule.targetLabel, text)
    if (!rule.replacement.includes('$')) return assign(work, rule.targetLabel, rule.replacement)
  }
  const match = rule.regex.exec(text)
  if (!match) return
  const target = expand(rule.targetLabel, rule, match)
  if (!isLabelName(target)) return
  assign(work, target, expand(rule.replacement, rule, match))
}

function expand(template: string, rule: RelabelRule, match: RegexMatch): string {
  return expandTemplate(template, match.groups, rule.regex.groupNames)
}

/** An empty value removes the label, as in upstream's label builder. */
function assign(work: Map<string, string>, name: string, value: string): void {
  if (value === '') work.delete(name)
  else work.set(name, value)
}

function source(work: Map<string, string>, rule: RelabelRule): string {
  const { sourceLabels } = rule
  if (sourceLabels.length === 1) return work.get(sourceLabels[0]) ?? ''
  return sourceLabels.map((name) => work.get(name) ?? '').join(rule.separator)
}

/** The last eight bytes of the MD5 as a big-endian integer, modulo `modulus`, as upstream computes it. */
function hashMod(text: string, modulus: number): string {
  const digest = createHash('md5').update(text).digest()
  return String(digest.readBigUInt64BE(8) % BigInt(modulus))
}
