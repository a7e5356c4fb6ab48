import type { Collector, CollectorContext } from './collector.ts'
import { fields } from './host-files.ts'

const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal']
/** Ticks per second of /proc/stat, the same on every Linux that Node runs on. */
const USER_HZ = 100

export const cpu: Collector = {
  name: 'cpu',
  isOnByDefault: true,
  collect(context) {
    const { files, option, page } = context
    if (option('cpu.info') === 'true') addInfo(context)
    for (const line of files.lines(files.proc('stat'))) {
      const [label = '', ...ticks] = fields(line)
      const number = /^cpu(\d+)$/.exec(label)?.[1]
      if (number === undefined) continue
      const seconds = (index: number): number => Number(ticks[index] ?? 0) / USER_HZ
      for (const [index, mode] of MODES.entries()) {
        page.counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.', seconds(index), {
          cpu: number,
          mode,
        })
      }
      for (const [index, mode] of ['user', 'nice'].entries()) {
        const help = 'Seconds the CPUs spent in guests (VMs) for each mode.'
        page.counter('node_cpu_guest_seconds_total', help, seconds(8 + index), { cpu: number, mode })
      }
    }
    addThrottles(context)
    addIsolated(context)
  },
}

function addThrottles({ files, page }: CollectorContext): void {
  const seen = new Set<string>()
  for (const name of files.names(files.sys('devices/system/cpu')).filter((each) => /^cpu\d+$/.test(each))) {
    const at = (path: string): number | undefined => files.optionalNumber(files.sys('devices/system/cpu', name, path))
    const [physicalPackage, core] = [at('topology/physical_package_id'), at('topology/core_id')]
    if (physicalPackage === undefined || core === undefined) continue
    const byCore = at('thermal_throttle/core_throttle_count')
    const labels = { core: String(core), package: String(physicalPackage) }
    if (byCore !== undefined && !seen.has(`${physicalPackage}/${core}`)) {
      seen.add(`${physicalPackage}/${core}`)
      page.counter('node_cpu_core_throttles_total', 'Number of times this CPU core has been throttled.', byCore, labels)
    }
    const byPackage = at('thermal_throttle/package_throttle_count')
    if (byPackage === undefined || seen.has(`${physicalPackage}`)) continue
    seen.add(`${physicalPackage}`)
    page.counter(
      'node_cpu_package_throttles_total',
      'Number of times this CPU package has been throttled.',
      byPackage,
      {
        package: String(physicalPackage),
      },
    )
  }
}

function addIsolated({ files, page }: CollectorContext): void {
  const help = 'Whether each core is isolated, information from /sys/devices/system/cpu/isolated.'
  for (const range of (files.optionalText(files.sys('devices/system/cpu/isolated')) ?? '').split(',')) {
    if (range === '') continue
    const [first = 0, last = first] = range.split('-').map(Number)
    for (let number = first; number <= last; number++) page.gauge('node_cpu_isolated', help, 1, { cpu: String(number) })
  }
}

/** `--collector.cpu.info`: one metric per processor, frequencies, and the flags and bugs that were asked for. */
function addInfo({ files, page, pattern }: CollectorContext): void {
  const processors = files
    .text(files.proc('cpuinfo'))
    .split('\n\n')
    .map((block) => new Map([...block.matchAll(/^(.*?)\s*: ?(.*)$/gm)].map(([, key, value]) => [key!, value!])))
    .filter((processor) => processor.has('processor'))
  for (const processor of processors) {
    const read = (key: string): string => processor.get(key) ?? ''
    const place = { cpu: read('processor'), core: read('core id'), package: read('physical id') }
    page.gauge('node_cpu_info', 'CPU information from /proc/cpuinfo.', 1, {
      ...place,
      vendor: read('vendor_id'),
      family: read('cpu family'),
      model: read('model'),
      model_name: read('model name'),
      microcode: read('microcode'),
      stepping: read('stepping'),
      cachesize: read('cache size'),
    })
    const hertz = Number(read('cpu MHz')) * 1e6
    if (hertz > 0 && files.names(files.sys('devices/system/cpu/cpufreq')).length === 0) {
      page.gauge('node_cpu_frequency_hertz', 'CPU frequency in hertz from /proc/cpuinfo.', hertz, place)
    }
  }
  for (const [kind, key] of [['flag', 'flags'] as const, ['bug', 'bugs'] as const]) {
    const wanted = pattern(`cpu.info.${key}-include`)
    if (!wanted) continue
    const help = `The \`${key}\` field of CPU information from /proc/cpuinfo taken from the first core.`
    for (const value of fields(processors[0]?.get(key) ?? '').filter((each) => wanted.test(each))) {
      page.gauge(`node_cpu_${kind}_info`, help, 1, { [kind]: value })
    }
  }
}
