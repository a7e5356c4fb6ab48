import type { HostFiles } from '../collectors/host-files.ts'
import type { MemoryStats } from '../containers/cgroup.ts'
import type { SeenContainer } from '../containers/container-exporter.ts'
import { readInterfaces } from '../containers/container-network.ts'
import { countCpus } from '../containers/machine-metrics.ts'

type Json = Readonly<Record<string, unknown>>

const NANOSECONDS = 1e9

/** cAdvisor's `ContainerInfo` (info/v1), with one sample: nothing is kept between requests. */
export function containerJson(
  seen: SeenContainer,
  options: { files: HostFiles; timestamp: string; children: readonly string[]; deviceName: DeviceName },
): Json {
  const { containerId, id, name, startSeconds, stats } = seen
  const { children, timestamp } = options
  const isDocker = containerId !== undefined
  return {
    ...(isDocker && { id: containerId, aliases: [name.name, containerId], namespace: 'docker' }),
    name: id,
    ...(children.length > 0 && { subcontainers: children.map((child) => ({ name: child })) }),
    spec: {
      creation_time: new Date(startSeconds * 1000).toISOString().replace('.000', ''),
      ...(isDocker && { labels: name.labels, image: name.image }),
      has_cpu: stats.cpu !== undefined,
      cpu: {
        limit: stats.cpuSpec.shares ?? 0,
        max_limit: 0,
        ...(stats.cpuSpec.quota !== undefined && { quota: stats.cpuSpec.quota }),
        ...(stats.cpuSpec.period !== undefined && { period: stats.cpuSpec.period }),
      },
      has_memory: stats.memory !== undefined,
      memory: {
        limit: stats.memorySpec.limit ?? 0,
        reservation: stats.memorySpec.reservation ?? 0,
        swap_limit: stats.memorySpec.swapLimit ?? 0,
      },
      has_network: seen.hasOwnNetwork,
      has_processes: stats.threads !== undefined,
      has_diskio: stats.blockIo.length > 0,
      has_filesystem: false,
      has_custom_metrics: false,
    },
    stats: [{ timestamp, ...sampleOf(seen, options) }],
  }
}

type DeviceName = (major: string, minor: string) => string

function sampleOf({ hasOwnNetwork, stats }: SeenContainer, { deviceName, files }: SampleOptions): Json {
  const { blockIo, cpu, memory, pids, threads, throttling } = stats
  const nanoseconds = (seconds: number | undefined): number => Math.round((seconds ?? 0) * NANOSECONDS)
  const perDevice = (read: 'readBytes' | 'reads', write: 'writeBytes' | 'writes'): Json[] =>
    blockIo.map((io) => ({
      device: `/dev/${deviceName(io.major, io.minor)}`,
      major: Number(io.major),
      minor: Number(io.minor),
      stats: { Read: io[read], Write: io[write] },
    }))
  return {
    cpu: {
      usage: { total: nanoseconds(cpu?.usage), user: nanoseconds(cpu?.user), system: nanoseconds(cpu?.system) },
      cfs: {
        periods: throttling?.periods ?? 0,
        throttled_periods: throttling?.throttledPeriods ?? 0,
        throttled_time: nanoseconds(throttling?.throttledSeconds),
        burst_periods: throttling?.burstPeriods ?? 0,
        burst_time: nanoseconds(throttling?.burstSeconds),
      },
      load_average: 0,
    },
    diskio: {
      io_service_bytes: perDevice('readBytes', 'writeBytes'),
      io_serviced: perDevice('reads', 'writes'),
    },
    ...(memory && { memory: memoryJson(memory) }),
    ...(hasOwnNetwork && { network: { interfaces: readInterfaces(files, pids[0]) } }),
    processes: { process_count: pids.length, threads_current: threads?.current ?? 0, threads_max: threads?.max ?? 0 },
  }
}

interface SampleOptions {
  readonly files: HostFiles
  readonly deviceName: DeviceName
}

function memoryJson(memory: MemoryStats): Json {
  const faults = { pgfault: memory.pageFaults, pgmajfault: memory.majorPageFaults }
  return {
    usage: memory.usage,
    max_usage: memory.maxUsage ?? 0,
    cache: memory.cache,
    rss: memory.rss,
    swap: memory.swap ?? 0,
    mapped_file: memory.mappedFile,
    working_set: memory.workingSet,
    failcnt: memory.failures ?? 0,
    total_active_file: memory.activeFile,
    total_inactive_file: memory.inactiveFile,
    container_data: faults,
    hierarchical_data: faults,
  }
}

/** cAdvisor's `MachineInfo`, as far as /proc tells. */
export function machineJson(files: HostFiles, timestamp: string): Json {
  const meminfo = files.text(files.proc('meminfo'))
  const cpuinfo = files.optionalText(files.proc('cpuinfo')) ?? ''
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024
  const processor = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(cpuinfo)?.[1] ?? ''
  const { cores, physicalCores, sockets } = countCpus(cpuinfo)
  return {
    timestamp,
    vendor_id: processor('vendor_id'),
    num_cores: cores,
    num_physical_cores: physicalCores,
    num_sockets: sockets,
    cpu_frequency_khz: Math.round(Number(processor('cpu MHz')) * 1000),
    memory_capacity: bytes('MemTotal'),
    swap_capacity: bytes('SwapTotal'),
    machine_id: files.optionalText(files.root('etc/machine-id')) ?? '',
    system_uuid: files.optionalText(files.sys('class/dmi/id/product_uuid')) ?? '',
    boot_id: files.optionalText(files.proc('sys/kernel/random/boot_id')) ?? '',
    cloud_provider: 'Unknown',
    instance_type: 'Unknown',
    instance_id: 'None',
  }
}
