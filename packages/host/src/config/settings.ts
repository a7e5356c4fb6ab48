import { compileRegex } from '@quartet/query'
import { ConfigError, parseListenAddress } from '@quartet/runtime'
import type { FlagDefinition, SystemOptions } from '@quartet/runtime'
import { COLLECTORS } from '../collectors/registry.ts'

const COLLECTOR_OPTIONS: Readonly<Record<string, string>> = {
  'arp.device-exclude': 'Regexp of ARP devices to leave out.',
  'arp.device-include': 'Regexp of ARP devices to tell.',
  'cpu.info.bugs-include': 'Regexp of the bugs that node_cpu_bug_info tells.',
  'cpu.info.flags-include': 'Regexp of the flags that node_cpu_flag_info tells.',
  'diskstats.device-exclude': 'Regexp of disks to leave out.',
  'filesystem.fs-types-exclude': 'Regexp of file system types to leave out.',
  'filesystem.mount-points-exclude': 'Regexp of mount points to leave out.',
  'interrupts.name-exclude': 'Regexp of interrupts (type;info;devices) to leave out.',
  'interrupts.name-include': 'Regexp of interrupts (type;info;devices) to tell.',
  'netclass.ignored-devices': 'Regexp of network interfaces that netclass leaves out.',
  'netdev.device-exclude': 'Regexp of network interfaces that netdev leaves out.',
  'netdev.device-include': 'Regexp of network interfaces that netdev tells.',
  'netstat.fields': 'Regexp of the fields that netstat tells.',
  'powersupply.ignored-supplies': 'Regexp of power supplies to leave out.',
  'slabinfo.slabs-exclude': 'Regexp of slabs to leave out.',
  'slabinfo.slabs-include': 'Regexp of slabs to tell.',
  'systemd.unit-exclude': 'Regexp of units to leave out.',
  'systemd.unit-include': 'Regexp of units to tell.',
  'textfile.directory': 'Directories of *.prom files, separated by commas.',
  'vmstat.fields': 'Regexp of the fields that vmstat tells.',
}

/** cAdvisor's metric groups; what is not built is not in the first list. */
const GROUPS = ['cpu', 'cpuLoad', 'memory', 'diskIO', 'disk', 'network', 'oom_event', 'pressure', 'process']
const OFF_BY_DEFAULT = new Set(['cpuLoad', 'process'])

const flag = (name: string, help: string, standard?: string): FlagDefinition => ({
  name,
  kind: 'string',
  help,
  ...(standard !== undefined && { default: standard }),
})
const toggle = (name: string, help: string): FlagDefinition => ({ name, kind: 'boolean', help })
const NO_EFFECT = 'Accepted; has no effect, since files are read when they are scraped.'

/** Flags of node_exporter, then those of cAdvisor. */
export const FLAGS: readonly FlagDefinition[] = [
  flag('web.listen-address', 'Address of the node metrics.', '${listen}:9100'),
  flag('web.telemetry-path', 'Path of the node metrics.', '/metrics'),
  flag('web.config.file', 'TLS and logins of the node metrics: path to a configuration file.'),
  toggle('web.disable-exporter-metrics', 'Leave out metrics about this process.'),
  flag('path.procfs', 'Where procfs is mounted.', '/proc'),
  flag('path.sysfs', 'Where sysfs is mounted.', '/sys'),
  flag('path.rootfs', "Where the machine's root file system is mounted.", '/'),
  flag('path.udev.data', "Where udev's data is.", '/run/udev/data'),
  toggle('collector.disable-defaults', 'Run only the collectors that are asked for.'),
  ...COLLECTORS.flatMap(({ isOnByDefault, name }) => [
    toggle(`collector.${name}`, `Enable the ${name} collector (default: ${isOnByDefault ? 'enabled' : 'disabled'}).`),
    toggle(`no-collector.${name}`, `Disable the ${name} collector.`),
  ]),
  toggle('collector.cpu.info', 'Tell about each processor.'),
  toggle('collector.netclass.ignore-invalid-speed', 'Leave out the speed of interfaces that do not know it.'),
  toggle('collector.rapl.enable-zone-label', 'Tell the zone of energy metrics as a label, not in their name.'),
  toggle('collector.stat.softirq', 'Tell the calls of soft interrupts per vector.'),
  flag('collector.interrupts.include-zeros', 'Tell interrupts that have not happened, too.', 'true'),
  flag('collector.ipvs.backend-labels', 'Labels of backends, separated by commas; those that agree are summed up.'),
  ...Object.entries(COLLECTOR_OPTIONS).map(([name, help]) => flag(`collector.${name}`, help)),
  flag('port', 'Port of the container metrics.', '8080'),
  flag('listen_ip', 'Address of the container metrics; all flags below are about them.', '${listen}'),
  flag('prometheus_endpoint', 'Path of the container metrics.', '/metrics'),
  flag('docker', 'Socket of Docker or Podman, asked for names, images and labels.', 'unix:///var/run/docker.sock'),
  toggle('docker_only', 'Tell about containers and the machine, not about other cgroups.'),
  flag('raw_cgroup_prefix_whitelist', 'With --docker_only: cgroups below these paths are told too.'),
  flag('store_container_labels', 'Turn labels of containers into container_label_*.', 'true'),
  flag('whitelisted_container_labels', 'With --store_container_labels=false: the labels to turn all the same.'),
  flag('env_metadata_whitelist', 'Beginnings of environment variables that become container_env_* (asks Docker).'),
  flag('docker_env_metadata_whitelist', 'The same; deprecated upstream.'),
  flag('disable_metrics', `Groups to leave out, of ${GROUPS.join(', ')}.`),
  flag('enable_metrics', 'Groups to tell; all others are left out.'),
  flag('housekeeping_interval', NO_EFFECT, '1s'),
  flag('max_housekeeping_interval', NO_EFFECT, '60s'),
  flag('global_housekeeping_interval', NO_EFFECT, '60s'),
  flag('allow_dynamic_housekeeping', NO_EFFECT, 'true'),
  flag('storage_duration', NO_EFFECT, '2m'),
]

export interface Settings {
  readonly node: {
    readonly host: string
    readonly port: number
    readonly path: string
    readonly withOwn: boolean
    /** Empty: plain HTTP for everybody. */
    readonly webConfigFile: string
  }
  readonly containers: { readonly host: string; readonly port: number; readonly path: string }
  readonly paths: { readonly procfs: string; readonly sysfs: string; readonly rootfs: string; readonly udev: string }
  /** Names of the collectors that run. */
  readonly collectors: readonly string[]
  readonly option: (name: string) => string | undefined
  readonly dockerSocket: string
  readonly dockerOnly: boolean
  readonly rawPrefixes: readonly string[]
  readonly storeLabels: boolean
  readonly labelNames: readonly string[]
  readonly environmentPrefixes: readonly string[]
  readonly isGroupEnabled: (group: string) => boolean
}

/** @throws ConfigError with every flag that cannot be used */
export function readSettings({ flags, listenHost }: Pick<SystemOptions, 'flags' | 'listenHost'>): Settings {
  const problems: string[] = []
  const text = (name: string, standard = ''): string => {
    const value = flags[name]
    return value === undefined || value === '' ? standard : String(value)
  }
  const list = (name: string): string[] =>
    text(name)
      .split(',')
      .filter((each) => each !== '')
  const attempt = <T>(name: string, fallback: T, read: () => T): T => {
    try {
      return read()
    } catch (error) {
      problems.push(`--${name}: error: ${error instanceof Error ? error.message : String(error)}`)
      return fallback
    }
  }
  const node = attempt('web.listen-address', { host: '', port: 0 }, () =>
    parseListenAddress(text('web.listen-address', ':9100'), listenHost),
  )
  const port = Number(text('port', '8080'))
  if (!Number.isInteger(port) || port < 0 || port > 65535) problems.push(`--port: error: ${text('port')} is not a port`)
  for (const name of Object.keys(COLLECTOR_OPTIONS)) {
    if (name === 'textfile.directory') continue
    attempt(`collector.${name}`, undefined, () => void compileRegex(text(`collector.${name}`)))
  }
  const [enabled, disabled] = [list('enable_metrics'), list('disable_metrics')]
  for (const [name, groups] of [['enable_metrics', enabled] as const, ['disable_metrics', disabled] as const]) {
    const unknown = name === 'enable_metrics' ? groups.filter((group) => !GROUPS.includes(group)) : []
    if (unknown.length > 0) problems.push(`--${name}: error: ${unknown.join(', ')}: there are ${GROUPS.join(', ')}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    node: {
      ...node,
      path: text('web.telemetry-path', '/metrics'),
      webConfigFile: text('web.config.file'),
      withOwn: flags['web.disable-exporter-metrics'] !== true,
    },
    containers: { host: text('listen_ip', listenHost), port, path: text('prometheus_endpoint', '/metrics') },
    paths: {
      procfs: text('path.procfs', '/proc'),
      sysfs: text('path.sysfs', '/sys'),
      rootfs: text('path.rootfs', '/'),
      udev: text('path.udev.data', '/run/udev/data'),
    },
    collectors: chosen(flags),
    option: (name) => {
      const value = flags[`collector.${name}`]
      return value === undefined || value === '' || value === false ? undefined : String(value)
    },
    dockerSocket: text('docker', 'unix:///var/run/docker.sock').replace(/^unix:\/\//, ''),
    dockerOnly: flags['docker_only'] === true,
    rawPrefixes: list('raw_cgroup_prefix_whitelist'),
    storeLabels: text('store_container_labels', 'true') !== 'false',
    labelNames: list('whitelisted_container_labels'),
    environmentPrefixes: [...list('env_metadata_whitelist'), ...list('docker_env_metadata_whitelist')],
    isGroupEnabled: (group) => {
      if (enabled.length > 0) return enabled.includes(group)
      return disabled.length > 0 ? !disabled.includes(group) : !OFF_BY_DEFAULT.has(group)
    },
  }
}

function chosen(flags: SystemOptions['flags']): string[] {
  const byDefault = flags['collector.disable-defaults'] !== true
  return COLLECTORS.filter(({ isOnByDefault, name }) => {
    if (flags[`no-collector.${name}`] === true) return false
    return flags[`collector.${name}`] === true || (byDefault && isOnByDefault)
  }).map(({ name }) => name)
}
