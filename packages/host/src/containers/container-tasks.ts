import type { ContainerMetricsInput } from './container-metrics-input.ts'

/** cAdvisor's words for the kernel's letters; what waits for input or output is uninterruptible, too. */
const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  T: 'stopped',
  t: 'stopped',
  D: 'uninterruptible',
}

/**
 * How many processes are in each state. Upstream asks netlink's taskstats, and tells zeros unless it may; this reads a file per
 * process, so it has to be asked for.
 */
export function addTaskStates({ files, labels, page, stats: { pids } }: ContainerMetricsInput): void {
  const counts = new Map(['iowaiting', ...Object.values(STATES)].map((state) => [state, 0]))
  for (const pid of pids) {
    const text = files.optionalText(files.proc(pid, 'stat')) ?? ''
    const state = STATES[text.charAt(text.lastIndexOf(')') + 2)]
    if (state !== undefined) counts.set(state, counts.get(state)! + 1)
  }
  for (const [state, count] of counts) {
    page.gauge('container_tasks_state', 'Number of tasks in given state', count, { ...labels, state })
  }
}
