import type { Collector } from './collector.ts'

export const thermalZone: Collector = {
  name: 'thermal_zone',
  isOnByDefault: true,
  collect({ files, page }) {
    const root = files.sys('class/thermal')
    for (const name of files.names(root)) {
      const [, kind, number = ''] = /^(thermal_zone|cooling_device)(\d+)$/.exec(name) ?? []
      const read = (file: string): number | undefined => files.optionalNumber(`${root}/${name}/${file}`)
      const type = files.optionalText(`${root}/${name}/type`) ?? ''
      if (kind === 'thermal_zone') {
        const temperature = read('temp')
        if (temperature === undefined) continue // a sensor that is off tells an error
        page.gauge('node_thermal_zone_temp', 'Zone temperature in Celsius', temperature / 1000, { zone: number, type })
      } else if (kind === 'cooling_device') {
        const labels = { name: number, type }
        const [current, maximum] = [read('cur_state'), read('max_state')]
        if (current === undefined || maximum === undefined) continue
        page.gauge('node_cooling_device_cur_state', 'Current throttle state of the cooling device', current, labels)
        page.gauge('node_cooling_device_max_state', 'Maximum throttle state of the cooling device', maximum, labels)
      }
    }
  },
}
