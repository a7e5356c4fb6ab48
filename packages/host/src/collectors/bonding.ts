import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

export const bonding: Collector = {
  name: 'bonding',
  isOnByDefault: true,
  collect({ files, page }) {
    const net = files.sys('class/net')
    for (const master of fields(files.text(`${net}/bonding_masters`))) {
      if (master === '') continue
      const slaves = fields(files.optionalText(`${net}/${master}/bonding/slaves`) ?? '').filter((name) => name !== '')
      const active = slaves.filter((slave) =>
        // The link was renamed between kernels.
        [`lower_${slave}`, `slave_${slave}`].some(
          (link) => files.optionalText(`${net}/${master}/${link}/bonding_slave/mii_status`) === 'up',
        ),
      )
      const help = 'slaves per bonding interface.'
      page.gauge('node_bonding_slaves', `Number of configured ${help}`, slaves.length, { master })
      page.gauge('node_bonding_active', `Number of active ${help}`, active.length, { master })
    }
  },
}
