import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

/** Energy that the processor's parts have used; since 2020 only root may read it. */
export const rapl: Collector = {
  name: 'rapl',
  isOnByDefault: true,
  collect({ files, option, page, warn }) {
    const root = files.sys('class/powercap')
    const zones = files.names(root).filter((name) => /^intel-rapl.*:/.test(name))
    if (zones.length === 0) throw new NoDataError(`no RAPL zones in ${root}`)
    const seen = new Map<string, number>()
    for (const zone of zones) {
      const path = `${root}/${zone}`
      const text = files.optionalText(`${path}/name`)
      if (text === undefined) continue
      const [, name = text, number] = /^(.*)-(\d+)$/.exec(text) ?? []
      const index = number ?? String(seen.get(name) ?? 0)
      seen.set(name, (seen.get(name) ?? 0) + 1)
      const microjoules = files.optionalNumber(`${path}/energy_uj`)
      if (microjoules === undefined) {
        warn(`cannot read ${path}/energy_uj`)
        continue
      }
      const zoneLabel = option('rapl.enable-zone-label') === 'true' ? { rapl_zone: text } : undefined
      const metric = `node_rapl_${zoneLabel ? '' : `${name.replace(/[^a-zA-Z0-9_]/g, '_')}_`}joules_total`
      const help = zoneLabel ? 'Current RAPL value in joules' : `Current RAPL ${name} value in joules`
      page.counter(metric, help, microjoules / 1e6, { index, path, ...zoneLabel })
    }
  },
}
