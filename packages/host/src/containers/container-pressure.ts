import type { ContainerMetricsInput } from './container-metrics-input.ts'

const HELPS: Readonly<Record<string, string>> = {
  cpu_stalled: 'Total time duration no tasks in the container could make progress due to CPU congestion.',
  cpu_waiting: 'Total time duration tasks in the container have waited due to CPU congestion.',
  io_stalled: 'Total time duration no tasks in the container could make progress due to IO congestion.',
  io_waiting: 'Total time duration tasks in the container have waited due to IO congestion.',
  memory_stalled: 'Total time duration no tasks in the container could make progress due to memory congestion.',
  memory_waiting: 'Total time duration tasks in the container have waited due to memory congestion.',
}

export function addPressure({ labels, page, stats }: ContainerMetricsInput): void {
  for (const { resource, stalledSeconds, waitingSeconds } of stats.pressure) {
    const counter = (kind: string, value: number | undefined): void => {
      if (value === undefined) return
      const name = `container_pressure_${resource}_${kind}_seconds_total`
      page.counter(name, HELPS[`${resource}_${kind}`]!, value, labels)
    }
    counter('waiting', waitingSeconds)
    counter('stalled', stalledSeconds)
  }
}
