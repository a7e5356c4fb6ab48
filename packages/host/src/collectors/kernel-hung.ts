import type { Collector } from './collector.ts'

/** Since Linux 6.13. */
export const kernelHung: Collector = {
  name: 'kernel_hung',
  isOnByDefault: true,
  collect({ files, page }) {
    const count = Number(files.text(files.proc('sys/kernel/hung_task_detect_count')))
    page.counter('node_kernel_hung_task_detect_count', 'Total number of tasks that have been detected as hung', count)
  },
}
