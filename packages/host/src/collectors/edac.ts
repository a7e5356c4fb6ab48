import type { Collector } from './collector.ts'

export const edac: Collector = {
  name: 'edac',
  isOnByDefault: true,
  collect({ files, page }) {
    const root = files.sys('devices/system/edac/mc')
    for (const name of files.names(root).filter((each) => /^mc\d+$/.test(each))) {
      const controller = name.slice(2)
      for (const [file, kind] of [['ce', 'correctable'] as const, ['ue', 'uncorrectable'] as const]) {
        const read = (path: string): number | undefined => files.optionalNumber(`${root}/${name}/${path}`)
        const total = read(`${file}_count`)
        const help = `Total ${kind} memory errors`
        if (total !== undefined) page.counter(`node_edac_${kind}_errors_total`, `${help}.`, total, { controller })
        const add = (csrow: string, value: number | undefined): void => {
          if (value === undefined) return
          const labels = { controller, csrow }
          page.counter(`node_edac_csrow_${kind}_errors_total`, `${help} for this csrow.`, value, labels)
        }
        add('unknown', read(`${file}_noinfo_count`))
        for (const row of files.names(`${root}/${name}`).filter((each) => /^csrow\d+$/.test(each))) {
          add(row.slice(5), read(`${row}/${file}_count`))
        }
      }
    }
  },
}
