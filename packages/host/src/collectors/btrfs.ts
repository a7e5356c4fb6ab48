import type { Collector, CollectorContext } from './collector.ts'

const SECTOR_BYTES = 512
/** Copies that are written of every byte; RAID 5 and 6 depend on the number of devices. */
const COPIES: Readonly<Record<string, number>> = {
  single: 1,
  raid0: 1,
  dup: 2,
  raid1: 2,
  raid10: 2,
  raid1c3: 3,
  raid1c4: 4,
}
const PARITY: Readonly<Record<string, number>> = { raid5: 1, raid6: 2 }

/** From sysfs alone: per-device errors and use need an ioctl, which Node does not offer. */
export const btrfs: Collector = {
  name: 'btrfs',
  isOnByDefault: true,
  collect(context) {
    const { files } = context
    const uuids = files.names(files.sys('fs/btrfs')).filter((name) => /^[0-9a-f]{8}-/.test(name))
    for (const uuid of uuids) addFileSystem(context, uuid)
  },
}

function addFileSystem({ files, page }: CollectorContext, uuid: string): void {
  const at = (...parts: string[]): string => files.sys('fs/btrfs', uuid, ...parts)
  const number = (...parts: string[]): number => files.optionalNumber(at(...parts)) ?? 0
  const gauge = (name: string, help: string, value: number, labels: Record<string, string> = {}): void =>
    page.gauge(`node_btrfs_${name}`, help, value, { uuid, ...labels })
  gauge('info', 'Filesystem information', 1, { label: files.optionalText(at('label')) ?? '' })
  gauge('global_rsv_size_bytes', 'Size of global reserve.', number('allocation/global_rsv_size'))
  const devices = files.names(at('devices'))
  for (const device of devices) {
    const size = number('devices', device, 'size') * SECTOR_BYTES
    gauge('device_size_bytes', 'Size of a device that is part of the filesystem.', size, { device })
  }
  for (const type of ['data', 'metadata', 'system']) {
    if (files.names(at('allocation', type)).length === 0) continue
    const labels = { block_group_type: type }
    const reserved = number('allocation', type, 'bytes_reserved')
    gauge('reserved_bytes', 'Amount of space reserved for a data type', reserved, labels)
    for (const mode of files.names(at('allocation', type))) {
      const total = files.optionalNumber(at('allocation', type, mode, 'total_bytes'))
      if (total === undefined) continue
      const used = number('allocation', type, mode, 'used_bytes')
      gauge('used_bytes', 'Amount of used space by a layout/data type', used, { ...labels, mode })
      gauge('size_bytes', 'Amount of space allocated for a layout/data type', total, { ...labels, mode })
      const ratio = ratioOf(mode, devices.length)
      gauge('allocation_ratio', 'Data allocation ratio for a layout/data type', ratio, { ...labels, mode })
    }
  }
  addCommits(files.optionalText(at('commit_stats')), (name, help, value, isCounter) => {
    if (isCounter) page.counter(`node_btrfs_${name}`, help, value, { uuid })
    else gauge(name, help, value)
  })
}

function ratioOf(mode: string, devices: number): number {
  const parity = PARITY[mode]
  return parity === undefined ? (COPIES[mode] ?? 0) : devices / (devices - parity)
}

function addCommits(
  text: string | undefined,
  add: (name: string, help: string, value: number, isCounter: boolean) => void,
): void {
  if (text === undefined) return // since Linux 6.0
  const read = (key: string): number => Number(new RegExp(`^${key} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
  add('commits_total', 'The total number of commits that have occurred.', read('commits'), true)
  const seconds = (key: string): number => read(key) / 1000
  add('last_commit_seconds', 'Duration of the most recent commit, in seconds.', seconds('last_commit_ms'), false)
  add('max_commit_seconds', 'Duration of the slowest commit, in seconds.', seconds('max_commit_ms'), false)
  const help = 'Sum of the duration of all commits, in seconds.'
  add('commit_seconds_total', help, seconds('total_commit_ms'), true)
}
