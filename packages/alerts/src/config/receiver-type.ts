import type { z } from 'zod'
import type { GlobalConfig } from './global-config.ts'

/**
 * One kind of receiver as the configuration sees it; `notify/` adds what it does. The registry of kinds is handed in, so that
 * a kind is one file with its keys, its checks and its behaviour.
 */
export interface ReceiverType<C = unknown> {
  /** `webhook`: the label of metrics and the name in the notification log. */
  readonly name: string
  /** `webhook_configs` */
  readonly key: string
  readonly schema: z.ZodType<C>
  /**
   * Fills in what the global section says.
   * @param report called with upstream's text for what is missing
   */
  complete(config: C, global: GlobalConfig, report: (message: string) => void): C
  /**
   * Names of settings without which the integration cannot send, for configurations that are filled in from the environment: there
   * an integration that nobody has filled in is left out instead of being an error.
   */
  missing?(config: C, global: GlobalConfig): readonly string[]
}
