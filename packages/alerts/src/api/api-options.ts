import type { Logger } from '@quartet/runtime'
import type { MatcherMode } from '../config/matcher/parse-matchers.ts'
import type { Engine } from '../notify/engine.ts'
import type { AlertStore } from '../storage/alert-store.ts'
import type { Silences } from '../storage/silences.ts'
import type { AlertMetrics } from './alert-metrics.ts'

export interface ApiOptions {
  /** The one of the current configuration. */
  readonly engine: () => Engine
  readonly store: AlertStore
  readonly silences: Silences
  readonly metrics: AlertMetrics
  readonly mode: MatcherMode
  readonly nowMs: () => number
  readonly startedAtMs: number
  readonly logger: Logger
  /** @throws ConfigError */
  readonly reload: () => Promise<void>
}
