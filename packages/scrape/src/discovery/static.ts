import type { TargetGroup } from '../scrape-config.ts'
import { targetsOfGroup } from './discovery.ts'
import type { Discovery } from './discovery.ts'

/** `static_configs`. */
export function staticDiscovery(groups: readonly TargetGroup[]): Discovery {
  return {
    start: (update) => update(groups.flatMap((group, index) => targetsOfGroup(group, `static/${index}`))),
    stop: () => undefined,
  }
}
