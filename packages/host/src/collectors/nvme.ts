import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

export const nvme: Collector = {
  name: 'nvme',
  isOnByDefault: true,
  collect({ files, page }) {
    const devices = files.names(files.sys('class/nvme'))
    if (devices.length === 0) throw new NoDataError('no NVMe devices')
    for (const device of devices) {
      const read = (name: string): string => files.optionalText(files.sys('class/nvme', device, name)) ?? ''
      page.gauge('node_nvme_info', 'Non-numeric data from /sys/class/nvme/<device>, value is always 1.', 1, {
        device,
        cntlid: read('cntlid'),
        firmware_revision: read('firmware_rev'),
        model: read('model'),
        serial: read('serial'),
        state: read('state'),
      })
    }
  },
}
