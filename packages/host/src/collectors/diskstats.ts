import type { Collector, CollectorContext } from './collector.ts'
import { fields } from './host-files.ts'

const EXCLUDED = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/
const SECTOR_BYTES = 512

/** What stands after the device name: metric, help, and by what to divide or multiply. */
const COLUMNS: readonly (readonly [name: string, help: string, factor: number])[] = [
  ['reads_completed_total', 'The total number of reads completed successfully.', 1],
  ['reads_merged_total', 'The total number of reads merged.', 1],
  ['read_bytes_total', 'The total number of bytes read successfully.', SECTOR_BYTES],
  ['read_time_seconds_total', 'The total number of seconds spent by all reads.', 0.001],
  ['writes_completed_total', 'The total number of writes completed successfully.', 1],
  ['writes_merged_total', 'The number of writes merged.', 1],
  ['written_bytes_total', 'The total number of bytes written successfully.', SECTOR_BYTES],
  ['write_time_seconds_total', 'This is the total number of seconds spent by all writes.', 0.001],
  ['io_now', 'The number of I/Os currently in progress.', 1],
  ['io_time_seconds_total', 'Total seconds spent doing I/Os.', 0.001],
  ['io_time_weighted_seconds_total', 'The weighted # of seconds spent doing I/Os.', 0.001],
  ['discards_completed_total', 'The total number of discards completed successfully.', 1],
  ['discards_merged_total', 'The total number of discards merged.', 1],
  ['discarded_sectors_total', 'The total number of sectors discarded successfully.', 1],
  ['discard_time_seconds_total', 'This is the total number of seconds spent by all discards.', 0.001],
  ['flush_requests_total', 'The total number of flush requests completed successfully', 1],
  ['flush_requests_time_seconds_total', 'This is the total number of seconds spent by all flush requests.', 0.001],
]

export const diskstats: Collector = {
  name: 'diskstats',
  isOnByDefault: true,
  collect(context) {
    const { files, page, pattern } = context
    const excluded = pattern('diskstats.device-exclude') ?? EXCLUDED
    for (const line of files.lines(files.proc('diskstats'))) {
      const [major = '', minor = '', device = '', ...values] = fields(line)
      if (excluded.test(device)) continue
      addInfo(context, { major, minor, device })
      for (const [index, [name, help, factor]] of COLUMNS.entries()) {
        const text = values[index]
        if (text === undefined) break // older kernels have fewer columns
        const add = name === 'io_now' ? page.gauge.bind(page) : page.counter.bind(page)
        add(`node_disk_${name}`, help, Number(text) * factor, { device })
      }
    }
  },
}

interface Disk {
  readonly major: string
  readonly minor: string
  readonly device: string
}

/** What udev found out about the disk; empty where there is no udev. */
function addInfo({ files, page }: CollectorContext, { device, major, minor }: Disk): void {
  const properties = new Map<string, string>()
  for (const line of (files.optionalText(`${files.udev}/b${major}:${minor}`) ?? '').split('\n')) {
    const [, key, value] = /^E:([^=]+)=(.*)$/.exec(line) ?? []
    if (key !== undefined) properties.set(key, value ?? '')
  }
  const read = (key: string): string => properties.get(key) ?? ''
  const whole = device.replace(/p?\d+$/, '')
  const rotational = [device, whole].map((name) => files.optionalText(files.sys('block', name, 'queue/rotational')))
  page.gauge('node_disk_info', 'Info of /sys/block/<block_device>.', 1, {
    device,
    major,
    minor,
    path: read('ID_PATH'),
    wwn: read('ID_WWN'),
    model: read('ID_MODEL'),
    serial: read('SCSI_IDENT_SERIAL') || read('ID_SERIAL_SHORT'),
    revision: read('ID_REVISION'),
    rotational: rotational.find((value) => value !== undefined) ?? '',
  })
  if (properties.has('DM_NAME')) {
    page.gauge('node_disk_device_mapper_info', 'Info about disk device mapper.', 1, {
      device,
      name: read('DM_NAME'),
      uuid: read('DM_UUID'),
      vg_name: read('DM_VG_NAME'),
      lv_name: read('DM_LV_NAME'),
      lv_layer: read('DM_LV_LAYER'),
    })
  }
  if (properties.has('ID_FS_USAGE')) {
    page.gauge('node_disk_filesystem_info', 'Info about disk filesystem.', 1, {
      device,
      usage: read('ID_FS_USAGE'),
      type: read('ID_FS_TYPE'),
      uuid: read('ID_FS_UUID'),
      version: read('ID_FS_VERSION'),
    })
  }
  if (!properties.has('ID_ATA')) return
  const ata = (name: string, help: string, key: string): void => {
    if (properties.has(key)) page.gauge(`node_disk_ata_${name}`, help, Number(read(key)), { device })
  }
  ata('write_cache', 'ATA disk has a write cache.', 'ID_ATA_WRITE_CACHE')
  ata('write_cache_enabled', 'ATA disk has its write cache enabled.', 'ID_ATA_WRITE_CACHE_ENABLED')
  ata('rotation_rate_rpm', 'ATA disk rotation rate in RPMs (0 for SSDs).', 'ID_ATA_ROTATION_RATE_RPM')
}
