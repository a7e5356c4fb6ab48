import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

const LABELS = [
  'build_id',
  'id',
  'id_like',
  'image_id',
  'image_version',
  'name',
  'pretty_name',
  'variant',
  'variant_id',
  'version',
  'version_codename',
  'version_id',
]

export const os: Collector = {
  name: 'os',
  isOnByDefault: true,
  collect({ files, page }) {
    const text = ['etc/os-release', 'usr/lib/os-release']
      .map((path) => files.optionalText(files.root(path)))
      .find((found) => found !== undefined)
    if (text === undefined) throw new NoDataError('no os-release file')
    const values = new Map(
      [...text.matchAll(/^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/gm)].map(([, key = '', a, b, c]) => [
        key.toLowerCase(),
        (a ?? b ?? c ?? '').replace(/\\(.)/g, '$1'),
      ]),
    )
    const read = (label: string): string => values.get(label) ?? ''
    const help = `A metric with a constant '1' value labeled by ${LABELS.join(', ')}.`
    page.gauge('node_os_info', help, 1, Object.fromEntries(LABELS.map((label) => [label, read(label)])))
    const version = /^\d+(\.\d+)?/.exec(read('version_id'))?.[0]
    if (version === undefined) return
    page.gauge('node_os_version', 'Metric containing the major.minor part of the OS version.', Number(version), {
      id: read('id'),
      id_like: read('id_like'),
      name: read('name'),
    })
  },
}
