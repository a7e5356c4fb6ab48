import { join } from 'node:path'
import type { HostFiles } from '../collectors/host-files.ts'
import { keyed, limitOf, workingSet } from './cgroup.ts'
import type { BlockIo, CgroupHierarchy, CgroupStats, MemoryStats, Pressure } from './cgroup.ts'

/** The unified hierarchy. Source: Linux Documentation/admin-guide/cgroup-v2.rst. */
export function cgroupV2(files: HostFiles, root: string): CgroupHierarchy {
  return {
    version: 2,
    walkRoot: root,
    read(id): CgroupStats {
      const path = (name: string): string => join(root, id, name)
      const cpuStat = keyed(files.optionalText(path('cpu.stat')))
      const seconds = (name: string): number => (cpuStat.get(name) ?? 0) / 1e6
      const [quota, period] = (files.optionalText(path('cpu.max')) ?? '').split(' ')
      const weight = limitOf(files, path('cpu.weight'))
      const threads = files.optionalNumber(path('pids.current'))
      return {
        cpu: cpuStat.has('usage_usec')
          ? { usage: seconds('usage_usec'), user: seconds('user_usec'), system: seconds('system_usec') }
          : undefined,
        throttling:
          quota !== undefined && quota !== '' && quota !== 'max'
            ? {
                periods: cpuStat.get('nr_periods') ?? 0,
                throttledPeriods: cpuStat.get('nr_throttled') ?? 0,
                throttledSeconds: seconds('throttled_usec'),
                burstPeriods: cpuStat.get('nr_bursts') ?? 0,
                burstSeconds: seconds('burst_usec'),
              }
            : undefined,
        cpuSpec: {
          // The inverse of how container runtimes turn shares (2 to 262144) into weight (1 to 10000).
          ...(weight !== undefined && { shares: Math.floor(2 + ((weight - 1) * 262142) / 9999) }),
          ...(period && { period: Number(period) }),
          ...(quota && quota !== 'max' && { quota: Number(quota) }),
        },
        memory: id === '/' ? rootMemory(files, path('memory.stat')) : memoryOf(files, path),
        memorySpec: {
          limit: limitOf(files, path('memory.max')) ?? 0,
          reservation: limitOf(files, path('memory.low')) ?? 0,
          swapLimit: limitOf(files, path('memory.swap.max')) ?? 0,
        },
        oomEvents: keyed(files.optionalText(path('memory.events'))).get('oom_kill'),
        threads: threads === undefined ? undefined : { current: threads, max: limitOf(files, path('pids.max')) ?? 0 },
        blockIo: blockIoOf(files.optionalText(path('io.stat'))),
        pressure: (['cpu', 'memory', 'io'] as const).flatMap((resource) =>
          pressureOf(resource, files.optionalText(path(`${resource}.pressure`))),
        ),
        pids: (files.optionalText(path('cgroup.procs')) ?? '').split('\n').filter((pid) => pid !== ''),
      }
    },
  }
}

function memoryOf(files: HostFiles, path: (name: string) => string): MemoryStats | undefined {
  const usage = files.optionalNumber(path('memory.current'))
  if (usage === undefined) return undefined
  return {
    ...fromStat(keyed(files.optionalText(path('memory.stat'))), usage),
    swap: files.optionalNumber(path('memory.swap.current')),
    maxUsage: files.optionalNumber(path('memory.peak')),
    failures: keyed(files.optionalText(path('memory.events'))).get('max'),
  }
}

/** The root has no `memory.current`: the machine's own numbers stand for it. */
function rootMemory(files: HostFiles, statPath: string): MemoryStats | undefined {
  const meminfo = new Map(
    [...(files.optionalText(files.proc('meminfo')) ?? '').matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(
      ([, name, kilobytes]) => [name, Number(kilobytes) * 1024],
    ),
  )
  const read = (name: string): number => meminfo.get(name) ?? 0
  if (!meminfo.has('MemTotal')) return undefined
  const usage = read('MemTotal') - read('MemFree')
  const swap = read('SwapTotal') - read('SwapFree')
  return { ...fromStat(keyed(files.optionalText(statPath)), usage), swap, maxUsage: undefined, failures: undefined }
}

function fromStat(
  stat: ReadonlyMap<string, number>,
  usage: number,
): Omit<MemoryStats, 'swap' | 'maxUsage' | 'failures'> {
  const read = (name: string): number => stat.get(name) ?? 0
  return {
    usage,
    workingSet: workingSet(usage, read('inactive_file')),
    cache: read('file'),
    rss: read('anon'),
    mappedFile: read('file_mapped'),
    kernel: stat.get('kernel') ?? stat.get('kernel_stack'),
    activeFile: read('active_file'),
    inactiveFile: read('inactive_file'),
    pageFaults: read('pgfault'),
    majorPageFaults: read('pgmajfault'),
  }
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=12` and the same for `full`, in microseconds. */
function pressureOf(resource: Pressure['resource'], text: string | undefined): Pressure[] {
  const seconds = (line: string): number | undefined => {
    const total = new RegExp(`^${line} .*total=(\\d+)`, 'm').exec(text ?? '')?.[1]
    return total === undefined ? undefined : Number(total) / 1e6
  }
  const waitingSeconds = seconds('some')
  return waitingSeconds === undefined ? [] : [{ resource, waitingSeconds, stalledSeconds: seconds('full') }]
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0` */
function blockIoOf(text: string | undefined): BlockIo[] {
  return [...(text ?? '').matchAll(/^(\d+):(\d+) (.*)$/gm)].map(([, major = '', minor = '', rest = '']) => {
    const read = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(rest)?.[1] ?? 0)
    return {
      major,
      minor,
      readBytes: read('rbytes'),
      writeBytes: read('wbytes'),
      reads: read('rios'),
      writes: read('wios'),
    }
  })
}
