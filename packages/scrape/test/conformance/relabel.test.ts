import assert from 'node:assert/strict'
import { test } from 'node:test'

import { labelsFromRecord } from '@quartet/model'
import { createRelabelRule, DEFAULT_SCRAPE_CONFIG, populateLabels, relabel, withScrapeDefaults } from '@quartet/scrape'
import type { RelabelRuleConfig, ScrapeConfig } from '@quartet/scrape'
import { parseDuration } from '@quartet/query'

import { facts, Tally } from './corpus.ts'
import known from './known-failures.json' with { type: 'json' }

type RawRule = Record<string, unknown>
type LabelRecord = Record<string, string>

function ruleConfig(raw: RawRule): RelabelRuleConfig {
  return {
    sourceLabels: raw['source_labels'] as string[] | undefined,
    separator: raw['separator'] as string | undefined,
    regex: raw['regex'] as string | undefined,
    modulus: raw['modulus'] as number | undefined,
    targetLabel: raw['target_label'] as string | undefined,
    replacement: raw['replacement'] as string | undefined,
    action: (raw['action'] ?? '') as string,
    legacyNames: raw['name_validation_scheme'] === 'legacy',
  }
}

test('prometheus-config/facts/relabel.json: rules change or drop label sets as upstream', () => {
  const family = 'prometheus-config/facts/relabel.json'
  const cases = facts<{
    labels_in: LabelRecord
    relabel_configs: RawRule[]
    labels_out: LabelRecord
    drop: boolean
    src_line: number
  }>(family)
  const tally = new Tally(family, known)
  for (const { labels_in, relabel_configs, labels_out, drop, src_line } of cases ?? []) {
    tally.check(`${family}#${src_line}`, () => {
      const rules = relabel_configs.map((raw) => createRelabelRule(ruleConfig({ action: 'replace', ...raw })))
      const result = relabel(labelsFromRecord(labels_in), rules)
      assert.deepEqual(
        result && Object.fromEntries(result),
        drop ? undefined : Object.fromEntries(labelsFromRecord(labels_out)),
      )
    })
  }
  if (cases) tally.close()
})

test('prometheus-config/facts/relabel_validate.json: wrong rules are refused', () => {
  const family = 'prometheus-config/facts/relabel_validate.json'
  const cases = facts<{ config: RawRule; expected?: string; error?: string; src_line: number }>(family)
  const tally = new Tally(family, known)
  for (const entry of cases ?? []) {
    tally.check(`${family}#${entry.src_line}`, () => {
      const expected = entry.expected ?? entry.error ?? ''
      let message = ''
      try {
        createRelabelRule(ruleConfig(entry.config))
      } catch (error) {
        message = (error as Error).message
      }
      if (expected === '') assert.equal(message, '')
      else assert.ok(message.includes(expected), `${JSON.stringify(message)} should hold ${JSON.stringify(expected)}`)
    })
  }
  if (cases) tally.close()
})

interface TargetCase {
  discovered: LabelRecord
  scrape_config: {
    JobName: string
    Scheme: 'http' | 'https'
    MetricsPath: string
    ScrapeInterval: string
    ScrapeTimeout: string
    RelabelConfigs?: RawRule[]
  }
  target_labels: LabelRecord
  discovered_labels: LabelRecord
  error: string
  src_line: number
}

test('prometheus-config/facts/target_labels.json: discovered labels become target labels', () => {
  const family = 'prometheus-config/facts/target_labels.json'
  const cases = facts<TargetCase>(family)
  const tally = new Tally(family, known)
  for (const { discovered, scrape_config: raw, target_labels, discovered_labels, error, src_line } of cases ?? []) {
    if (Object.values(discovered).some((value) => typeof value !== 'string')) {
      tally.skip() // bytes that are no UTF-8, which a JavaScript string cannot hold
      continue
    }
    tally.check(`${family}#${src_line}`, () => {
      const config: ScrapeConfig = {
        ...DEFAULT_SCRAPE_CONFIG,
        jobName: raw.JobName,
        scheme: raw.Scheme,
        metricsPath: raw.MetricsPath,
        scrapeIntervalMs: parseDuration(raw.ScrapeInterval),
        scrapeTimeoutMs: parseDuration(raw.ScrapeTimeout),
        relabelRules: (raw.RelabelConfigs ?? []).map((rule) => createRelabelRule(relabelConfigOf(rule))),
      }
      const withDefaults = withScrapeDefaults(labelsFromRecord(discovered), config)
      if (error === '')
        assert.deepEqual(
          Object.fromEntries(withDefaults),
          Object.fromEntries(labelsFromRecord(discovered_labels ?? {})),
        )
      const result = populateLabels(withDefaults, config)
      if (error !== '') return assert.deepEqual(result, { kind: 'invalid', reason: error })
      assert.equal(result.kind, 'kept')
      assert.deepEqual(
        Object.fromEntries(result.kind === 'kept' ? result.labels : []),
        Object.fromEntries(labelsFromRecord(target_labels)),
      )
    })
  }
  if (cases) tally.close()
})

function relabelConfigOf(raw: RawRule): RelabelRuleConfig {
  const text = (key: string): string | undefined => raw[key] as string | undefined
  return {
    action: text('Action') ?? text('action'),
    regex: text('Regex') ?? text('regex'),
    sourceLabels: (raw['SourceLabels'] ?? raw['source_labels']) as string[] | undefined,
    replacement: text('Replacement') ?? text('replacement'),
    targetLabel: text('TargetLabel') ?? text('target_label'),
  }
}
