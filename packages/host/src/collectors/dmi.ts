import type { Collector } from './collector.ts'
import { NoDataError } from './host-files.ts'

const FILES = [
  'bios_date',
  'bios_release',
  'bios_vendor',
  'bios_version',
  'board_asset_tag',
  'board_name',
  'board_serial',
  'board_vendor',
  'board_version',
  'chassis_asset_tag',
  'chassis_serial',
  'chassis_vendor',
  'chassis_version',
  'product_family',
  'product_name',
  'product_serial',
  'product_sku',
  'product_uuid',
  'product_version',
  'sys_vendor',
]

const label = (file: string): string => (file === 'sys_vendor' ? 'system_vendor' : file)

export const dmi: Collector = {
  name: 'dmi',
  isOnByDefault: true,
  collect({ files, page }) {
    const path = files.sys('class/dmi/id')
    if (files.names(path).length === 0) throw new NoDataError('no DMI information available')
    // Serial numbers are root's alone: what cannot be read is no label.
    const labels = FILES.map((file): [string, string | undefined] => [
      label(file),
      files.optionalText(`${path}/${file}`),
    ])
    const help = `A metric with a constant '1' value labeled by ${FILES.map(label).join(', ')} if provided by DMI.`
    const found = labels.filter((each): each is [string, string] => each[1] !== undefined)
    page.gauge('node_dmi_info', help, 1, Object.fromEntries(found))
  },
}
