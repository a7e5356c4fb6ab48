import type { Collector } from './collector.ts'

const PLAIN = 'authentic calibrate capacity capacity_alert_max capacity_alert_min online present'
const MICRO =
  'current_boot current_max energy_empty energy_empty_design energy_full energy_full_design voltage_boot voltage_max voltage_max_design voltage_min voltage_min_design voltage_ocv charge_control_limit charge_control_limit_max charge_counter charge_empty charge_empty_design charge_full charge_full_design constant_charge_current constant_charge_current_max constant_charge_voltage constant_charge_voltage_max precharge_current input_current_limit'
const TENTHS =
  'temp temp_alert_max temp_alert_min temp_ambient temp_ambient_alert_max temp_ambient_alert_min temp_max temp_min'
const INFO =
  'capacity_level charge_type health manufacturer model_name serial_number status technology type usb_type scope'

/** File, name of the metric, and what the file's number is divided by. */
const METRICS: readonly (readonly [file: string, name: string, divisor: number])[] = [
  ...PLAIN.split(' ').map((name) => [name, name, 1] as const),
  ['cycle_count', 'cyclecount', 1],
  ['time_to_empty_now', 'time_to_empty_seconds', 1],
  ['time_to_full_now', 'time_to_full_seconds', 1],
  ...MICRO.split(' ').map((name) => [name, name, 1e6] as const),
  ['current_now', 'current_ampere', 1e6],
  ['energy_now', 'energy_watthour', 1e6],
  ['voltage_now', 'voltage_volt', 1e6],
  ['charge_now', 'charge_ampere', 1e6],
  ['power_now', 'power_watt', 1e6],
  ...TENTHS.split(' ').map((name) => [name, `${name}_celsius`, 10] as const),
]

export const powersupplyclass: Collector = {
  name: 'powersupplyclass',
  isOnByDefault: true,
  collect({ files, page, pattern }) {
    const ignored = pattern('powersupply.ignored-supplies')
    const supplies = files.existingNames(files.sys('class/power_supply')).filter((name) => !ignored?.test(name))
    for (const supply of supplies) {
      const at = (file: string): string => files.sys('class/power_supply', supply, file)
      for (const [file, name, divisor] of METRICS) {
        const value = files.optionalNumber(at(file))
        if (value === undefined) continue
        const help = `${name} value of /sys/class/power_supply/<power_supply>.`
        page.gauge(`node_power_supply_${name}`, help, value / divisor, { power_supply: supply })
      }
      const known = INFO.split(' ').map((name) => [name, files.optionalText(at(name)) ?? ''] as const)
      const labels = Object.fromEntries(known.filter(([, value]) => value !== ''))
      page.gauge('node_power_supply_info', 'info of /sys/class/power_supply/<power_supply>.', 1, {
        ...labels,
        power_supply: supply,
      })
    }
  },
}
