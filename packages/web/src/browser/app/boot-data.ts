import type { BootData } from '../../common/api.ts'

/** What the server put into the page; frozen, a reload brings new data. */
export const bootData: BootData = Object.freeze((window as unknown as { grafanaBootData: BootData }).grafanaBootData)
