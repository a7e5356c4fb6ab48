import type { LabelValues } from '../collectors/metric-page.ts'
import type { ContainerMetricsInput } from './container-metrics-input.ts'
import { readInterfaces } from './container-network.ts'
import { addPressure } from './container-pressure.ts'
import { addTaskStates } from './container-tasks.ts'

/** cAdvisor's metrics of one container, under its names. */
export function addContainer(input: ContainerMetricsInput): void {
  const { isEnabled, labels, nowSeconds, page, startSeconds } = input
  page.gauge('container_last_seen', 'Last time a container was seen by the exporter', nowSeconds, labels)
  const startHelp = 'Start time of the container since unix epoch in seconds.'
  page.gauge('container_start_time_seconds', startHelp, startSeconds, labels)
  addSpec(input)
  if (isEnabled('cpu')) addCpu(input)
  if (isEnabled('memory')) addMemory(input)
  if (isEnabled('oom_event')) {
    const help = 'Count of out of memory events observed for the container'
    page.counter('container_oom_events_total', help, input.stats.oomEvents ?? 0, labels)
  }
  if (isEnabled('diskIO')) addBlockIo(input)
  if (isEnabled('network') && input.hasOwnNetwork) addNetwork(input)
  if (isEnabled('process')) addProcesses(input)
  if (isEnabled('pressure')) addPressure(input)
  if (isEnabled('cpuLoad')) addTaskStates(input)
}

function addSpec({ labels, page, stats: { cpuSpec, memorySpec } }: ContainerMetricsInput): void {
  const gauge = (name: string, help: string, value: number | undefined): void => {
    if (value !== undefined) page.gauge(`container_spec_${name}`, help, value, labels)
  }
  gauge('cpu_period', 'CPU period of the container.', cpuSpec.period)
  gauge('cpu_quota', 'CPU quota of the container.', cpuSpec.quota)
  gauge('cpu_shares', 'CPU share of the container.', cpuSpec.shares)
  gauge('memory_limit_bytes', 'Memory limit for the container.', memorySpec.limit)
  gauge('memory_reservation_limit_bytes', 'Memory reservation limit for the container.', memorySpec.reservation)
  gauge('memory_swap_limit_bytes', 'Memory swap limit for the container.', memorySpec.swapLimit)
}

function addCpu({ labels, page, stats: { cpu, throttling } }: ContainerMetricsInput): void {
  const counter = (name: string, help: string, value: number | undefined, more: LabelValues = {}): void => {
    if (value !== undefined) page.counter(`container_cpu_${name}_total`, help, value, { ...labels, ...more })
  }
  counter('usage_seconds', 'Cumulative cpu time consumed in seconds.', cpu?.usage, { cpu: 'total' })
  counter('user_seconds', 'Cumulative user cpu time consumed in seconds.', cpu?.user)
  counter('system_seconds', 'Cumulative system cpu time consumed in seconds.', cpu?.system)
  counter('cfs_periods', 'Number of elapsed enforcement period intervals.', throttling?.periods)
  counter('cfs_throttled_periods', 'Number of throttled period intervals.', throttling?.throttledPeriods)
  const help = 'Total time duration the container has been throttled.'
  counter('cfs_throttled_seconds', help, throttling?.throttledSeconds)
  counter('cfs_burst_periods', 'Number of periods when burst occurs.', throttling?.burstPeriods)
  counter('cfs_burst_seconds', 'Total time duration the container has been bursted.', throttling?.burstSeconds)
}

function addMemory({ labels, page, stats: { memory } }: ContainerMetricsInput): void {
  if (!memory) return
  const gauge = (name: string, help: string, value: number | undefined): void => {
    if (value !== undefined) page.gauge(`container_memory_${name}`, help, value, labels)
  }
  gauge('cache', 'Number of bytes of page cache memory.', memory.cache)
  gauge('rss', 'Size of RSS in bytes.', memory.rss)
  gauge('swap', 'Container swap usage in bytes.', memory.swap)
  gauge('mapped_file', 'Size of memory mapped files in bytes.', memory.mappedFile)
  gauge('kernel_usage', 'Size of kernel memory allocated in bytes.', memory.kernel)
  gauge('total_active_file_bytes', 'Current total active file in bytes.', memory.activeFile)
  gauge('total_inactive_file_bytes', 'Current total inactive file in bytes.', memory.inactiveFile)
  gauge('max_usage_bytes', 'Maximum memory usage recorded in bytes', memory.maxUsage)
  const usageHelp = 'Current memory usage in bytes, including all memory regardless of when it was accessed'
  gauge('usage_bytes', usageHelp, memory.usage)
  gauge('working_set_bytes', 'Current working set in bytes.', memory.workingSet)
  page.counter('container_memory_failcnt', 'Number of memory usage hits limits', memory.failures ?? 0, labels)
  const help = 'Cumulative count of memory allocation failures.'
  for (const [type, value] of [
    ['pgfault', memory.pageFaults] as const,
    ['pgmajfault', memory.majorPageFaults] as const,
  ]) {
    for (const scope of ['container', 'hierarchy']) {
      page.counter('container_memory_failures_total', help, value, { ...labels, failure_type: type, scope })
    }
  }
}

function addBlockIo({ deviceName, labels, page, stats }: ContainerMetricsInput): void {
  for (const { major, minor, readBytes, reads, writeBytes, writes } of stats.blockIo) {
    const device = `/dev/${deviceName(major, minor)}`
    for (const [operation, value] of [['Read', readBytes] as const, ['Write', writeBytes] as const]) {
      const more = { ...labels, device, major, minor, operation }
      page.counter('container_blkio_device_usage_total', 'Blkio Device bytes usage', value, more)
    }
    const counter = (name: string, help: string, value: number): void =>
      page.counter(`container_fs_${name}_total`, `Cumulative count of ${help}`, value, { ...labels, device })
    counter('reads_bytes', 'bytes read', readBytes)
    counter('writes_bytes', 'bytes written', writeBytes)
    counter('reads', 'reads completed', reads)
    counter('writes', 'writes completed', writes)
  }
}

const NETWORK = [
  ['rx_bytes', 'receive_bytes', 'bytes received'],
  ['rx_errors', 'receive_errors', 'errors encountered while receiving'],
  ['rx_dropped', 'receive_packets_dropped', 'packets dropped while receiving'],
  ['rx_packets', 'receive_packets', 'packets received'],
  ['tx_bytes', 'transmit_bytes', 'bytes transmitted'],
  ['tx_errors', 'transmit_errors', 'errors encountered while transmitting'],
  ['tx_dropped', 'transmit_packets_dropped', 'packets dropped while transmitting'],
  ['tx_packets', 'transmit_packets', 'packets transmitted'],
] as const

function addNetwork({ files, labels, page, stats }: ContainerMetricsInput): void {
  for (const counts of readInterfaces(files, stats.pids[0])) {
    for (const [column, metric, what] of NETWORK) {
      const more = { ...labels, interface: counts.name }
      page.counter(`container_network_${metric}_total`, `Cumulative count of ${what}`, counts[column], more)
    }
  }
}

function addProcesses({ files, labels, page, stats: { pids, threads } }: ContainerMetricsInput): void {
  const gauge = (name: string, help: string, value: number, more: LabelValues = {}): void =>
    page.gauge(`container_${name}`, help, value, { ...labels, ...more })
  gauge('processes', 'Number of processes running inside the container.', pids.length)
  if (threads) {
    gauge('threads', 'Number of threads running inside the container', threads.current)
    const help = 'Maximum number of threads allowed inside the container, infinity if value is zero'
    gauge('threads_max', help, threads.max)
  }
  let [descriptors, sockets] = [0, 0]
  for (const pid of pids) {
    for (const name of files.names(files.proc(pid, 'fd'))) {
      descriptors++
      if (files.linkTarget(files.proc(pid, 'fd', name))?.startsWith('socket')) sockets++
    }
  }
  gauge('file_descriptors', 'Number of open file descriptors for the container.', descriptors)
  gauge('sockets', 'Number of open sockets for the container.', sockets)
  const limits = pids[0] === undefined ? undefined : files.optionalText(files.proc(pids[0], 'limits'))
  const open = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '')?.[1]
  if (open === undefined) return
  const help = 'Soft ulimit values for the container root process. Unlimited if -1, except priority and nice'
  gauge('ulimits_soft', help, open === 'unlimited' ? -1 : Number(open), { ulimit: 'max_open_files' })
}
