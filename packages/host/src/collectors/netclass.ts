import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

/** Gauges and counters by their file in /sys/class/net/<interface>. */
const PROPERTIES = [
  ['addr_assign_type', 'address_assign_type'],
  ['carrier', 'carrier'],
  ['carrier_changes', 'carrier_changes_total'],
  ['carrier_up_count', 'carrier_up_changes_total'],
  ['carrier_down_count', 'carrier_down_changes_total'],
  ['dev_id', 'device_id'],
  ['dormant', 'dormant'],
  ['flags', 'flags'],
  ['ifindex', 'iface_id'],
  ['iflink', 'iface_link'],
  ['link_mode', 'iface_link_mode'],
  ['mtu', 'mtu_bytes'],
  ['name_assign_type', 'name_assign_type'],
  ['netdev_group', 'net_dev_group'],
  ['speed', 'speed_bytes'],
  ['tx_queue_len', 'transmit_queue_length'],
  ['type', 'protocol_type'],
] as const

/** IFF_UP */
const FLAG_UP = 1

export const netclass: Collector = {
  name: 'netclass',
  isOnByDefault: true,
  collect({ files, option, page, pattern }) {
    const ignored = pattern('netclass.ignored-devices')
    const ignoresInvalidSpeed = option('netclass.ignore-invalid-speed') === 'true'
    const devices = files.names(files.sys('class/net'))
    if (devices.length === 0) throw new NoDataError(`no network interfaces in ${files.sys('class/net')}`)
    for (const device of devices) {
      // bonding_masters is a file among the interfaces.
      if (ignored?.test(device) || files.names(files.sys('class/net', device)).length === 0) continue
      const text = (name: string): string => files.optionalText(files.sys('class/net', device, name)) ?? ''
      page.gauge(
        'node_network_up',
        "Value is 1 if operstate is 'up', 0 otherwise.",
        text('operstate') === 'up' ? 1 : 0,
        {
          device,
        },
      )
      const infoHelp = 'Non-numeric data from /sys/class/net/<iface>, value is always 1.'
      page.gauge('node_network_info', infoHelp, 1, {
        device,
        address: text('address'),
        broadcast: text('broadcast'),
        duplex: text('duplex'),
        operstate: text('operstate'),
        adminstate: Number(text('flags')) & FLAG_UP ? 'up' : 'down',
        ifalias: text('ifalias'),
      })
      for (const [file, name] of PROPERTIES) {
        const value = files.optionalNumber(files.sys('class/net', device, file))
        // Who does not know its speed says -1, which upstream passes on unless told otherwise.
        if (value === undefined || (file === 'speed' && value < 0 && ignoresInvalidSpeed)) continue
        const add = name.endsWith('_total') ? page.counter.bind(page) : page.gauge.bind(page)
        const help = `Network device property: ${name}`
        add(`node_network_${name}`, help, file === 'speed' ? (value * 1e6) / 8 : value, { device })
      }
    }
  },
}
