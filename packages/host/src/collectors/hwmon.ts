import { basename, dirname } from 'node:path'
import type { Collector, CollectorContext } from './collector.ts'
import type { HostFiles } from './host-files.ts'
import { NoDataError } from './host-files.ts'

const SENSOR = /^([^0-9]+)(\d*)(?:_(.+))?$/
const KINDS = new Set([
  'vrm', 'beep_enable', 'update_interval', 'in', 'cpu', 'fan', 'pwm', 'temp', 'curr', 'power', 'energy', 'humidity', 'intrusion', 'freq',
]) // prettier-ignore

interface Reading {
  readonly chip: string
  readonly sensor: string
  readonly kind: string
  /** Values by what stands after the sensor's name; the value proper under `input` or nothing. */
  readonly elements: ReadonlyMap<string, string>
}

export const hwmon: Collector = {
  name: 'hwmon',
  isOnByDefault: true,
  collect(context) {
    const { files, page } = context
    const chips = files.names(files.sys('class/hwmon'))
    if (chips.length === 0) throw new NoDataError(`no sensors in ${files.sys('class/hwmon')}`)
    for (const name of chips) {
      const path = files.sys('class/hwmon', name)
      const chip = chipName(files, path)
      const chipLabel = files.optionalText(`${path}/name`)
      if (chipLabel !== undefined) {
        const help = 'Annotation metric for human-readable chip names'
        page.gauge('node_hwmon_chip_names', help, 1, { chip, chip_name: cleanName(chipLabel) })
      }
      for (const reading of readings(files, path, chip)) addReading(context, reading)
    }
  },
}

function readings(files: HostFiles, path: string, chip: string): Reading[] {
  const sensors = new Map<string, { kind: string; elements: Map<string, string> }>()
  for (const directory of [path, `${path}/device`]) {
    for (const file of files.names(directory)) {
      const [, kind = '', number = '', element = ''] = SENSOR.exec(file) ?? []
      if (!KINDS.has(kind)) continue
      const text = files.optionalText(`${directory}/${file}`)
      if (text === undefined) continue // sensors that are off give an error
      const key = kind + number
      let sensor = sensors.get(key)
      if (!sensor) sensors.set(key, (sensor = { kind, elements: new Map() }))
      if (!sensor.elements.has(element)) sensor.elements.set(element, text)
    }
  }
  return [...sensors].map(([sensor, { elements, kind }]) => ({ chip, sensor, kind, elements }))
}

function addReading({ page }: CollectorContext, { chip, elements, kind, sensor }: Reading): void {
  const labels = { chip, sensor }
  const text = elements.get('label')
  if (text !== undefined)
    page.gauge('node_hwmon_sensor_label', 'Label for given chip and sensor', 1, { ...labels, label: text })
  const own = Number(elements.get('') ?? NaN)
  if (kind === 'beep_enable') {
    page.gauge('node_hwmon_beep_enabled', 'Hardware beep enabled', own === 1 ? 1 : 0, labels)
  } else if (kind === 'vrm')
    page.gauge('node_hwmon_voltage_regulator_version', 'Hardware voltage regulator', own, labels)
  else if (kind === 'update_interval') {
    page.gauge('node_hwmon_update_interval_seconds', 'Hardware monitor update interval', own / 1000, labels)
  } else {
    for (const [element, value] of elements) {
      if (element === 'label' || value === '' || Number.isNaN(Number(value))) continue
      const { factor, help, isCounter, name } = unitOf(kind, element, elements.has(''))
      const add = isCounter ? page.counter.bind(page) : page.gauge.bind(page)
      add(`node_hwmon_${name}`, help, Number(value) * factor, labels)
    }
  }
}

interface Unit {
  readonly name: string
  readonly help: string
  readonly factor: number
  readonly isCounter?: boolean
}

/** What the kernel's sysfs-interface document says about a kind of sensor. */
function unitOf(kind: string, element: string, hasOwn: boolean): Unit {
  const suffix = element === '' || (element === 'input' && !hasOwn) ? '' : `_${cleanName(element)}`
  const name = kind + suffix
  if (element === 'fault' || element === 'alarm') {
    return { name, help: `Hardware sensor ${element} status (${kind})`, factor: 1 }
  }
  if (element === 'beep') {
    return { name: `${name}_enabled`, help: 'Hardware monitor sensor has beeping enabled', factor: 1 }
  }
  const unit = (end: string, what: string, factor: number): Unit => ({
    name: name + end,
    help: `Hardware monitor for ${what} (${element})`,
    factor,
  })
  if (kind === 'in' || kind === 'cpu') return unit('_volts', 'voltage', 0.001)
  if (kind === 'temp' && element !== 'type') {
    return {
      ...unit('_celsius', 'temperature', 0.001),
      help: `Hardware monitor for temperature (${element || 'input'})`,
    }
  }
  if (kind === 'curr') return unit('_amps', 'current', 0.001)
  if (kind === 'energy') {
    const help = 'Hardware monitor for joules used so far'
    return { name: `${name}_joule_total`, help: `${help} (${element})`, factor: 1e-6, isCounter: true }
  }
  if (kind === 'power' && element === 'accuracy') {
    return { name, help: 'Hardware monitor power meter accuracy, as ratio', factor: 1e-6 }
  }
  if (kind === 'power' && element.startsWith('average_interval')) {
    return { name: `${name}_seconds`, help: `Hardware monitor power usage update interval (${element})`, factor: 0.001 }
  }
  if (kind === 'power') return unit('_watt', 'power usage in watts', 1e-6)
  if (kind === 'humidity') {
    const what = 'humidity, as ratio (multiply with 100.0 to get the humidity as a percentage)'
    return unit('', what, 1e-6)
  }
  if (kind === 'fan' && ['input', 'min', 'max', 'target'].includes(element)) {
    return unit('_rpm', 'fan revolutions per minute', 1)
  }
  return { name, help: `Hardware monitor ${kind} element ${element}`, factor: 1 }
}

/** The device the chip belongs to, which stays the same over restarts; else its own name. */
function chipName(files: HostFiles, path: string): string {
  const device = files.linkTarget(`${path}/device`) === undefined ? undefined : files.realPath(`${path}/device`)
  if (device !== undefined) {
    const [bus, name] = [cleanName(basename(dirname(device))), cleanName(basename(device))]
    if (name !== '') return bus === '' ? name : `${bus}_${name}`
  }
  const own = cleanName(files.optionalText(`${path}/name`) ?? '')
  return own === '' ? cleanName(basename(files.realPath(path) ?? path)) : own
}

function cleanName(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '')
}
