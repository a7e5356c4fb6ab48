import { statfs } from 'node:fs/promises'
import { parseMountInfo } from '../collectors/filesystem.ts'
import type { HostFiles } from '../collectors/host-files.ts'
import { fields } from '../collectors/host-files.ts'
import type { LabelValues, MetricPage } from '../collectors/metric-page.ts'

const MILLISECOND = 1e-3
/** Columns of /proc/diskstats after the device's name, and what a unit of each is. */
const COUNTERS = [
  [1, 'reads_merged', 'Cumulative count of reads merged', 1],
  [2, 'sector_reads', 'Cumulative count of sector reads completed', 1],
  [3, 'read_seconds', 'Cumulative count of seconds spent reading', MILLISECOND],
  [5, 'writes_merged', 'Cumulative count of writes merged', 1],
  [6, 'sector_writes', 'Cumulative count of sector writes completed', 1],
  [7, 'write_seconds', 'Cumulative count of seconds spent writing', MILLISECOND],
  [9, 'io_time_seconds', 'Cumulative count of seconds spent doing I/Os', MILLISECOND],
  [10, 'io_time_weighted_seconds', 'Cumulative weighted I/O time in seconds', MILLISECOND],
] as const

/** File systems of the machine and their disks stand under the root cgroup; what each container uses would need `du`. */
export async function addMachineDisks(files: HostFiles, page: MetricPage, labels: LabelValues): Promise<void> {
  const text = files.optionalText(files.proc('1/mountinfo')) ?? files.optionalText(files.proc('self/mountinfo')) ?? ''
  const disks = diskCounters(files)
  const seen = new Set<string>()
  for (const { device, mountpoint } of parseMountInfo(text, files.rootfs)) {
    if (!device.startsWith('/dev/') || seen.has(device)) continue
    seen.add(device)
    const own = { ...labels, device }
    addDisk(page, own, disks.get(device.slice('/dev/'.length)))
    const found = await statfs(files.root(mountpoint)).catch(() => undefined) // told by the node exporter
    if (!found) continue
    const gauge = (name: string, help: string, value: number): void =>
      page.gauge(`container_fs_${name}`, help, value, own)
    const bytes = 'Number of bytes that'
    gauge('limit_bytes', `${bytes} can be consumed by the container on this filesystem.`, found.blocks * found.bsize)
    const used = (found.blocks - found.bfree) * found.bsize
    gauge('usage_bytes', `${bytes} are consumed by the container on this filesystem.`, used)
    gauge('inodes_total', 'Number of Inodes', found.files)
    gauge('inodes_free', 'Number of available Inodes', found.ffree)
  }
}

function addDisk(page: MetricPage, labels: LabelValues, counters: readonly number[] | undefined): void {
  if (!counters) return
  for (const [column, name, help, unit] of COUNTERS) {
    page.counter(`container_fs_${name}_total`, help, (counters[column] ?? 0) * unit, labels)
  }
  page.gauge('container_fs_io_current', 'Number of I/Os currently in progress', counters[8] ?? 0, labels)
}

/** Numbers of each disk by its name. */
function diskCounters(files: HostFiles): Map<string, number[]> {
  const lines = (files.optionalText(files.proc('diskstats')) ?? '').split('\n').map((line) => fields(line))
  return new Map(lines.map(([, , name = '', ...counters]) => [name, counters.map(Number)]))
}
