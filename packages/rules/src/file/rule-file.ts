import { compareText, METRIC_NAME } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import { ConfigError, loadYaml } from '@quartet/runtime'
import type { LoadedYaml } from '@quartet/runtime'
import type { RuleLanguage } from '../ports.ts'
import { AlertTemplate } from '../template/alert-template.ts'
import { ruleFileSchema } from './rule-schema.ts'
import type { RuleFile, RuleSection } from './rule-schema.ts'
import type { RuleGroupSpec, RuleSpec } from './rule-spec.ts'

export interface RuleFileOptions {
  readonly path: string
  /** Read unless given. */
  readonly text?: string
  readonly language: RuleLanguage
  /** `metric_name_validation_scheme: legacy`: names are ASCII words. */
  readonly legacyNames?: boolean
}

export interface LoadedRuleFile {
  readonly groups: readonly RuleGroupSpec[]
  /** Rules that equal an earlier one of the file but for their expression, which is allowed and seldom meant. */
  readonly duplicates: readonly { readonly at: string; readonly message: string }[]
}

/**
 * Reads a file of rule groups in Prometheus's format.
 * @throws ConfigError with every problem as `file:line:col: error: …` in upstream's words
 */
export async function loadRuleFile(options: RuleFileOptions): Promise<LoadedRuleFile> {
  const { path, text, language } = options
  const { value, at } = await loadYaml<RuleFile>({ path, schema: ruleFileSchema, ...(text !== undefined && { text }) })
  const problems = new Checker({ value, at }, options).problems()
  if (problems.length > 0) throw new ConfigError(problems)
  const groups = value.groups.map((group) => ({
    file: path,
    name: group.name,
    intervalMs: group.interval,
    limit: group.limit,
    queryOffsetMs: group.query_offset,
    rules: group.rules.map((rule) => toSpec(rule, group.labels, language)),
  }))
  return { groups, duplicates: findDuplicates(value, at) }
}

/** Sorted. Unlike those of a series, an empty label stays: it removes the label of a result. */
function sortedPairs(record: Readonly<Record<string, string>>): Labels {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b))
}

function toSpec(rule: RuleSection, groupLabels: Readonly<Record<string, string>>, language: RuleLanguage): RuleSpec {
  const labels = sortedPairs({ ...groupLabels, ...rule.labels })
  const expr = language.print(rule.expr)
  if (rule.record !== '') return { kind: 'recording', name: rule.record, expr, labels }
  return {
    kind: 'alerting',
    name: rule.alert,
    expr,
    labels,
    annotations: sortedPairs(rule.annotations),
    forMs: rule.for,
    keepFiringForMs: rule.keep_firing_for,
  }
}

/** Upstream's checks of what a file says, after those of its shape. */
class Checker {
  readonly #file: LoadedYaml<RuleFile>
  readonly #options: RuleFileOptions
  readonly #problems: string[] = []

  constructor(file: LoadedYaml<RuleFile>, options: RuleFileOptions) {
    this.#file = file
    this.#options = options
  }

  problems(): string[] {
    const seen = new Set<string>()
    for (const [index, group] of this.#file.value.groups.entries()) {
      const path = ['groups', index]
      if (group.name === '') this.#add(path, 'Groupname must not be empty')
      if (seen.has(group.name)) this.#add(path, `groupname: "${group.name}" is repeated in the same file`)
      seen.add(group.name)
      this.#checkLabels([...path, 'labels'], group.labels, '')
      for (const [position, rule] of group.rules.entries()) {
        const prefix = `group ${quoteGo(group.name)}, rule ${position + 1}, ${quoteGo(rule.alert || rule.record)}: `
        this.#checkRule([...path, 'rules', position], rule, prefix)
      }
    }
    return this.#problems
  }

  #add(path: readonly (string | number)[], message: string): void {
    this.#problems.push(`${this.#file.at(path)}: error: ${message}`)
  }

  #checkRule(path: readonly (string | number)[], rule: RuleSection, prefix: string): void {
    if (rule.record !== '' && rule.alert !== '') {
      this.#add([...path, 'record'], `${prefix}only one of 'record' and 'alert' must be set`)
    }
    if (rule.record === '' && rule.alert === '') this.#add(path, `${prefix}one of 'record' or 'alert' must be set`)
    if (rule.expr === '') this.#add([...path, 'expr'], `${prefix}field 'expr' must be set in rule`)
    else {
      const [problem] = this.#options.language.check(rule.expr).filter(({ severity }) => severity === 'error')
      if (problem) this.#add([...path, 'expr'], `${prefix}could not parse expression: ${problem.message}`)
    }
    if (rule.record !== '') this.#checkRecording(path, rule, prefix)
    this.#checkLabels([...path, 'labels'], rule.labels, prefix)
    for (const name of Object.keys(rule.annotations)) {
      if (this.#isLabelName(name)) continue
      this.#add([...path, 'annotations', name], `${prefix}invalid annotation name: ${name}`)
    }
    if (rule.alert !== '') this.#checkTemplates(path, rule, prefix)
  }

  #checkRecording(path: readonly (string | number)[], rule: RuleSection, prefix: string): void {
    const at = [...path, 'record']
    const refuse = (key: string): void => this.#add(at, `${prefix}invalid field '${key}' in recording rule`)
    if (Object.keys(rule.annotations).length > 0) refuse('annotations')
    if (rule.for !== 0) refuse('for')
    if (rule.keep_firing_for !== 0) refuse('keep_firing_for')
    const isName = this.#options.legacyNames === true ? LEGACY_METRIC.test(rule.record) : rule.record.isWellFormed()
    if (!isName) this.#add(at, `${prefix}invalid recording rule name: ${rule.record}`)
    if (/[{}]/.test(rule.record)) {
      const hint = 'braces present in the recording rule name; should it be in expr?'
      this.#add(at, `${prefix}${hint}: ${rule.record}`)
    }
  }

  #checkLabels(path: readonly (string | number)[], labels: Readonly<Record<string, string>>, prefix: string): void {
    for (const [name, value] of Object.entries(labels)) {
      if (!this.#isLabelName(name) || name === METRIC_NAME) {
        this.#add([...path, name], `${prefix}invalid label name: ${name}`)
      }
      if (!value.isWellFormed()) this.#add([...path, name], `${prefix}invalid label value: ${value}`)
    }
  }

  #checkTemplates(path: readonly (string | number)[], rule: RuleSection, prefix: string): void {
    const check = (key: 'labels' | 'annotations', kind: string): void => {
      for (const [name, text] of Object.entries(rule[key])) {
        const problem = new AlertTemplate(rule.alert, text).problem
        if (problem !== undefined) this.#add([...path, key, name], `${prefix}${kind} ${quoteGo(name)}: ${problem}`)
      }
    }
    check('labels', 'label')
    check('annotations', 'annotation')
  }

  #isLabelName(name: string): boolean {
    return this.#options.legacyNames === true ? LEGACY_LABEL.test(name) : name !== '' && name.isWellFormed()
  }
}

const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Upstream's lint `duplicate-rules`: rules of one name and the same labels, the group's among them. */
function findDuplicates(file: RuleFile, at: LoadedYaml<RuleFile>['at']): LoadedRuleFile['duplicates'] {
  const seen = new Set<string>()
  const found: { at: string; message: string }[] = []
  for (const [index, group] of file.groups.entries()) {
    for (const [position, rule] of group.rules.entries()) {
      const name = rule.alert || rule.record
      const labels = sortedPairs({ ...group.labels, ...rule.labels })
      const key = JSON.stringify([name, labels])
      if (seen.has(key)) {
        const place = at(['groups', index, 'rules', position])
        found.push({ at: place, message: `duplicate rule ${quoteGo(name)}: same name and labels as one before it` })
      }
      seen.add(key)
    }
  }
  return found
}
