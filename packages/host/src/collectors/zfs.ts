import type { Collector, CollectorContext } from './collector.ts'
import { fields, NoDataError } from './host-files.ts'

const STATISTICS: Readonly<Record<string, string>> = {
  abdstats: 'abd',
  arcstats: 'arc',
  dbufstats: 'dbuf',
  dmu_tx: 'dmu_tx',
  dnodestats: 'dnode',
  fm: 'fm',
  vdev_cache_stats: 'vdev_cache',
  vdev_mirror_stats: 'vdev_mirror',
  xuio_stats: 'xuio',
  zfetchstats: 'zfetch',
  zil: 'zil',
}
const STATES = ['online', 'degraded', 'faulted', 'offline', 'removed', 'unavail', 'suspended']
/** KSTAT_DATA_INT64 and KSTAT_DATA_UINT64 */
const NUMBER_TYPES = new Set(['3', '4'])

export const zfs: Collector = {
  name: 'zfs',
  isOnByDefault: true,
  collect(context) {
    const { files, page } = context
    const root = files.proc('spl/kstat/zfs')
    if (files.names(root).length === 0) throw new NoDataError('ZFS / ZFS statistics are not available')
    for (const [file, subsystem] of Object.entries(STATISTICS)) {
      const text = files.optionalText(`${root}/${file}`)
      if (text === undefined) continue
      for (const [key, type, value] of rows(text)) {
        if (!NUMBER_TYPES.has(type)) continue
        const name = key.replaceAll('-', '_')
        page.untyped(`node_zfs_${subsystem}_${name}`, `kstat.zfs.misc.${file}.${key}`, Number(value))
      }
    }
    for (const pool of files.names(root)) addPool(context, `${root}/${pool}`, pool)
  },
}

/** Lines of `name type data` below a header of two lines; data may hold blanks. */
function rows(text: string): [key: string, type: string, value: string][] {
  return [...text.matchAll(/^(\S+)\s+(\d+)\s+(\S.*?)\s*$/gm)]
    .slice(1)
    .map(([, key = '', type = '', value = '']) => [key, type, value])
}

function addPool({ files, page }: CollectorContext, path: string, zpool: string): void {
  const state = files.optionalText(`${path}/state`)?.toLowerCase()
  if (state !== undefined) {
    for (const each of STATES) {
      page.gauge('node_zfs_zpool_state', 'kstat.zfs.misc.state', each === state ? 1 : 0, { zpool, state: each })
    }
  }
  const [, names, values] = (files.optionalText(`${path}/io`) ?? '').split('\n').map((line) => fields(line))
  for (const [index, name] of (names ?? []).entries()) {
    page.untyped(`node_zfs_zpool_${name}`, `kstat.zfs.misc.io.${name}`, Number(values![index]), { zpool })
  }
  for (const file of files.names(path).filter((name) => name.startsWith('objset-'))) {
    const entries = rows(files.optionalText(`${path}/${file}`) ?? '')
    const dataset = entries.find(([key]) => key === 'dataset_name')?.[2]
    if (dataset === undefined) continue
    for (const [key, type, value] of entries) {
      if (!NUMBER_TYPES.has(type)) continue
      page.untyped(`node_zfs_zpool_dataset_${key}`, `kstat.zfs.misc.objset.${key}`, Number(value), { zpool, dataset })
    }
  }
}
