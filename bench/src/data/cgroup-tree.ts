import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Names of the statistics that Linux 6 writes to `memory.stat` of cgroup v2; the amount to be read is part of the cost. */
const V2_MEMORY =
  'anon file kernel kernel_stack pagetables sec_pagetables percpu sock vmalloc shmem zswap zswapped file_mapped file_dirty file_writeback swapcached anon_thp file_thp shmem_thp inactive_anon active_anon inactive_file active_file unevictable slab_reclaimable slab_unreclaimable slab workingset_refault_anon workingset_refault_file workingset_activate_anon workingset_activate_file workingset_restore_anon workingset_restore_file workingset_nodereclaim pgscan pgsteal pgscan_kswapd pgscan_direct pgsteal_kswapd pgsteal_direct pgfault pgmajfault pgrefill pgactivate pgdeactivate pglazyfree pglazyfreed thp_fault_alloc thp_collapse_alloc'
const V1_MEMORY =
  'cache rss rss_huge shmem mapped_file dirty writeback swap pgpgin pgpgout pgfault pgmajfault inactive_anon active_anon inactive_file active_file unevictable'

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    4096      40    0    0    0     0          0         0     4096      40    0    0    0     0       0          0
  eth0: 9876543   12345    0    0    0     0          0         0  3456789   10234    0    0    0     0       0          0
`

/**
 * Files of `count` Docker containers below `root`/sys/fs/cgroup, as the kernel shows them, each with one process in a network of
 * its own below `root`/proc.
 */
export function writeCgroupTree(root: string, options: { version: 1 | 2; count: number }): void {
  const { count, version } = options
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const numbers = (names: string, seed: number): string =>
    names
      .split(' ')
      .map((name, index) => `${name} ${(seed + 1) * 4096 * (index + 1)}\n`)
      .join('')
  const addProcess = (pid: number): void => {
    write(`proc/${pid}/net/dev`, NET_DEV)
    mkdirSync(join(root, `proc/${pid}/ns`))
    symlinkSync(`net:[${4_026_531_840 + pid}]`, join(root, `proc/${pid}/ns/net`))
  }
  addProcess(1)
  for (const name of ['meminfo', 'cpuinfo', 'diskstats']) symlinkSync(`/proc/${name}`, join(root, 'proc', name))
  if (version === 2) {
    write('sys/fs/cgroup/cgroup.controllers', 'cpuset cpu io memory pids\n')
    write('sys/fs/cgroup/system.slice/cgroup.procs', '')
  }
  for (let index = 0; index < count; index++) {
    const pid = 1000 + index
    addProcess(pid)
    const id = index.toString(16).padStart(4, '0').repeat(16)
    if (version === 2) {
      const at = `sys/fs/cgroup/system.slice/docker-${id}.scope`
      const cpu = 'usage_usec 9000000\nuser_usec 6000000\nsystem_usec 3000000\ncore_sched.force_idle_usec 0\n'
      write(
        `${at}/cpu.stat`,
        `${cpu}nr_periods 1000\nnr_throttled 10\nthrottled_usec 5000\nnr_bursts 0\nburst_usec 0\n`,
      )
      write(`${at}/cpu.max`, '50000 100000\n')
      write(`${at}/cpu.weight`, '100\n')
      write(`${at}/memory.current`, `${50_000_000 + index}\n`)
      write(`${at}/memory.peak`, `${90_000_000 + index}\n`)
      write(`${at}/memory.max`, '536870912\n')
      write(`${at}/memory.low`, '0\n')
      write(`${at}/memory.swap.current`, '0\n')
      write(`${at}/memory.swap.max`, 'max\n')
      write(`${at}/memory.stat`, numbers(V2_MEMORY, index))
      write(`${at}/memory.events`, 'low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\noom_group_kill 0\n')
      write(`${at}/io.stat`, '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n')
      write(`${at}/cgroup.procs`, `${pid}\n`)
      write(`${at}/pids.current`, '12\n')
      write(`${at}/pids.max`, 'max\n')
      continue
    }
    const at = (controller: string, file: string, text: string): void =>
      write(`sys/fs/cgroup/${controller}/docker/${id}/${controller}.${file}`, text)
    at('cpuacct', 'usage', '9000000000\n')
    at('cpuacct', 'stat', 'user 600\nsystem 300\n')
    at('cpu', 'stat', 'nr_periods 1000\nnr_throttled 10\nthrottled_time 5000000\n')
    at('cpu', 'shares', '1024\n')
    at('cpu', 'cfs_period_us', '100000\n')
    at('cpu', 'cfs_quota_us', '50000\n')
    at('memory', 'usage_in_bytes', `${50_000_000 + index}\n`)
    at('memory', 'max_usage_in_bytes', `${90_000_000 + index}\n`)
    at('memory', 'failcnt', '0\n')
    at('memory', 'limit_in_bytes', '536870912\n')
    at('memory', 'soft_limit_in_bytes', '9223372036854771712\n')
    at('memory', 'memsw.limit_in_bytes', '9223372036854771712\n')
    const hierarchy = V1_MEMORY.replaceAll(/\w+/g, 'total_$&')
    at('memory', 'stat', `${numbers(V1_MEMORY, index)}${numbers(hierarchy, index)}`)
    at('memory', 'oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n')
    at('blkio', 'throttle.io_service_bytes', '8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\nTotal 12288\n')
    at('blkio', 'throttle.io_serviced', '8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n')
    at('pids', 'current', '12\n')
    at('pids', 'max', 'max\n')
    write(`sys/fs/cgroup/memory/docker/${id}/cgroup.procs`, `${pid}\n`)
  }
}
