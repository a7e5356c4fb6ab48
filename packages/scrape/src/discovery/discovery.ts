import { labelsFromPairs } from '@quartet/model'

import type { TargetGroup } from '../scrape-config.ts'
import type { DiscoveredTarget } from '../target/target.ts'

/** Where targets come from. One file per kind of discovery. */
export interface Discovery {
  /** Calls `update` with the whole present set, now or as soon as it is known and again after every change. */
  start(update: (targets: readonly DiscoveredTarget[]) => void): void
  stop(): void
}

export function targetsOfGroup(
  group: TargetGroup,
  source: string,
  extra: Readonly<Record<string, string>> = {},
): DiscoveredTarget[] {
  return group.targets.map((address) => ({
    discoveredLabels: labelsFromPairs([
      ...Object.entries({ ...group.labels, ...extra }),
      ['__address__', address] as const,
    ]),
    source,
  }))
}
