import type { HostFiles } from '../collectors/host-files.ts'
import type { LabelValues, MetricPage } from '../collectors/metric-page.ts'
import type { CgroupStats } from './cgroup.ts'

/** What the metrics of one container are made of. */
export interface ContainerMetricsInput {
  readonly files: HostFiles
  readonly page: MetricPage
  readonly stats: CgroupStats
  readonly labels: LabelValues
  readonly startSeconds: number
  readonly nowSeconds: number
  /** `sda` for `8:0`. */
  readonly deviceName: (major: string, minor: string) => string
  /** Whether interfaces are the container's own, or those of the machine. */
  readonly hasOwnNetwork: boolean
  readonly isEnabled: (group: string) => boolean
}
