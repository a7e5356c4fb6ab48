import type { Labels } from '@quartet/model'
import type { InhibitConfig } from '../config/inhibit-config.ts'
import { matchesAll } from '../config/matcher/label-matcher.ts'
import type { LabelMatcher } from '../config/matcher/label-matcher.ts'
import { isResolved } from '../storage/alert.ts'
import type { Alert } from '../storage/alert.ts'
import { combineMatchers, haveEqualLabels } from './route.ts'

interface Rule {
  readonly source: readonly LabelMatcher[]
  readonly target: readonly LabelMatcher[]
  readonly equal: readonly string[]
  /** Alerts that match the source side, by fingerprint. */
  readonly sources: Map<string, Alert>
}

/** Mutes an alert while another one that explains it is firing. */
export class Inhibitor {
  readonly #rules: readonly Rule[]

  constructor(configs: readonly InhibitConfig[]) {
    this.#rules = configs.map((config) => ({
      source: combineMatchers(config.source_match, config.source_match_re, config.source_matchers),
      target: combineMatchers(config.target_match, config.target_match_re, config.target_matchers),
      equal: config.equal ?? [],
      sources: new Map<string, Alert>(),
    }))
  }

  /** To be told of every alert that comes in. */
  observe(alert: Alert): void {
    for (const { source, sources } of this.#rules) {
      if (matchesAll(source, alert.labels)) sources.set(alert.fingerprint, alert)
    }
  }

  /** @returns the fingerprint of an alert that mutes these labels */
  inhibitedBy(labels: Labels, nowMs: number): string | undefined {
    for (const rule of this.#rules) {
      if (!matchesAll(rule.target, labels)) continue
      const inhibiting = findSource(rule, labels, nowMs)
      if (inhibiting) return inhibiting.fingerprint
    }
    return undefined
  }

  /** Forgets sources that have ended. */
  collect(nowMs: number): void {
    for (const { sources } of this.#rules) {
      for (const [fingerprint, alert] of sources) if (isResolved(alert, nowMs)) sources.delete(fingerprint)
    }
  }
}

function findSource({ equal, source, sources, target }: Rule, labels: Labels, nowMs: number): Alert | undefined {
  // An alert on both sides cannot be muted by another one of that kind: they would mute each other.
  const isTwoSided = matchesAll(source, labels)
  for (const alert of sources.values()) {
    if (isResolved(alert, nowMs) || !haveEqualLabels(equal, alert.labels, labels)) continue
    if (isTwoSided && matchesAll(target, alert.labels)) continue
    return alert
  }
  return undefined
}
