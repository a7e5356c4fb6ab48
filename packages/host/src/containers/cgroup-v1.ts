import { join } from 'node:path'
import type { HostFiles } from '../collectors/host-files.ts'
import { keyed, workingSet } from './cgroup.ts'
import type { BlockIo, CgroupHierarchy, CgroupStats, MemoryStats } from './cgroup.ts'

/** Limits from here on mean that there is none. */
const NO_LIMIT = 2 ** 62
const USER_HZ = 100

/** One hierarchy per controller, each with the same paths. Source: Linux Documentation/admin-guide/cgroup-v1. */
export function cgroupV1(files: HostFiles, root: string): CgroupHierarchy {
  const walked = ['memory', 'cpuacct', 'cpu', 'systemd'].find((name) => files.names(join(root, name)).length > 0)
  return {
    version: 1,
    walkRoot: join(root, walked ?? 'memory'),
    read(id): CgroupStats {
      const at = (controller: string, name: string): string => join(root, controller, id, name)
      const number = (controller: string, name: string): number | undefined =>
        files.optionalNumber(at(controller, name))
      const map = (controller: string, name: string): ReadonlyMap<string, number> =>
        keyed(files.optionalText(at(controller, name)))
      const usage = number('cpuacct', 'cpuacct.usage')
      const ticks = map('cpuacct', 'cpuacct.stat')
      const cpuStat = map('cpu', 'cpu.stat')
      const [shares, period, quota] = ['shares', 'cfs_period_us', 'cfs_quota_us'].map((name) =>
        number('cpu', `cpu.${name}`),
      )
      const threads = number('pids', 'pids.current')
      const limit = (name: string): number => withoutInfinity(number('memory', name))
      return {
        cpu:
          usage === undefined
            ? undefined
            : {
                usage: usage / 1e9,
                user: (ticks.get('user') ?? 0) / USER_HZ,
                system: (ticks.get('system') ?? 0) / USER_HZ,
              },
        throttling:
          quota !== undefined && quota > 0
            ? {
                periods: cpuStat.get('nr_periods') ?? 0,
                throttledPeriods: cpuStat.get('nr_throttled') ?? 0,
                throttledSeconds: (cpuStat.get('throttled_time') ?? 0) / 1e9,
                burstPeriods: cpuStat.get('nr_bursts') ?? 0,
                burstSeconds: (cpuStat.get('burst_time') ?? 0) / 1e9,
              }
            : undefined,
        cpuSpec: {
          ...(shares !== undefined && { shares }),
          ...(period !== undefined && { period }),
          ...(quota !== undefined && quota > 0 && { quota }),
        },
        memory: memoryOf(number('memory', 'memory.usage_in_bytes'), {
          stat: map('memory', 'memory.stat'),
          maxUsage: number('memory', 'memory.max_usage_in_bytes'),
          failures: number('memory', 'memory.failcnt'),
          kernel: number('memory', 'memory.kmem.usage_in_bytes'),
        }),
        memorySpec: {
          limit: limit('memory.limit_in_bytes'),
          reservation: limit('memory.soft_limit_in_bytes'),
          swapLimit: limit('memory.memsw.limit_in_bytes'),
        },
        oomEvents: map('memory', 'memory.oom_control').get('oom_kill'),
        threads: threads === undefined ? undefined : { current: threads, max: number('pids', 'pids.max') ?? 0 },
        blockIo: blockIoOf(
          files.optionalText(at('blkio', 'blkio.throttle.io_service_bytes')),
          files.optionalText(at('blkio', 'blkio.throttle.io_serviced')),
        ),
        pressure: [],
        pids: (files.optionalText(at(walked ?? 'memory', 'cgroup.procs')) ?? '')
          .split('\n')
          .filter((pid) => pid !== ''),
      }
    },
  }
}

function withoutInfinity(value: number | undefined): number {
  return value === undefined || value >= NO_LIMIT ? 0 : value
}

function memoryOf(
  usage: number | undefined,
  rest: {
    stat: ReadonlyMap<string, number>
    maxUsage: number | undefined
    failures: number | undefined
    kernel: number | undefined
  },
): MemoryStats | undefined {
  if (usage === undefined) return undefined
  const { failures, kernel, maxUsage, stat } = rest
  // With those of the cgroups below, where the kernel sums them up.
  const read = (name: string): number => stat.get(`total_${name}`) ?? stat.get(name) ?? 0
  return {
    usage,
    workingSet: workingSet(usage, read('inactive_file')),
    cache: read('cache'),
    rss: read('rss'),
    swap: read('swap'),
    mappedFile: read('mapped_file'),
    kernel,
    activeFile: read('active_file'),
    inactiveFile: read('inactive_file'),
    maxUsage,
    failures,
    pageFaults: read('pgfault'),
    majorPageFaults: read('pgmajfault'),
  }
}

/** Lines of `8:0 Read 4096`. */
function blockIoOf(bytes: string | undefined, operations: string | undefined): BlockIo[] {
  const devices = new Map<string, { Read: number; Write: number; reads: number; writes: number }>()
  const visit = (text: string | undefined, names: { Read: 'Read' | 'reads'; Write: 'Write' | 'writes' }): void => {
    for (const [, device = '', kind, value] of (text ?? '').matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)) {
      let counts = devices.get(device)
      if (!counts) devices.set(device, (counts = { Read: 0, Write: 0, reads: 0, writes: 0 }))
      counts[names[kind as 'Read' | 'Write']] = Number(value)
    }
  }
  visit(bytes, { Read: 'Read', Write: 'Write' })
  visit(operations, { Read: 'reads', Write: 'writes' })
  return [...devices].map(([device, { Read, Write, reads, writes }]) => {
    const [major = '', minor = ''] = device.split(':')
    return { major, minor, readBytes: Read, writeBytes: Write, reads, writes }
  })
}
