import type { Collector } from './collector.ts'
import type { HostFiles } from './host-files.ts'

/** States of processes and threads; reads every process, and every thread, so it is off by default as upstream's. */
export const processes: Collector = {
  name: 'processes',
  isOnByDefault: false,
  collect({ files, page }) {
    const pids = files.names(files.procfs).filter((name) => /^\d+$/.test(name))
    const [byState, byThreadState] = [new Map<string, number>(), new Map<string, number>()]
    let [count, threads] = [0, 0]
    for (const pid of pids) {
      const own = statOf(files, pid, 'stat')
      if (!own) continue // gone since the directory was listed
      count++
      threads += own.threads
      byState.set(own.state, (byState.get(own.state) ?? 0) + 1)
      for (const thread of files.names(files.proc(pid, 'task'))) {
        const state = statOf(files, pid, `task/${thread}/stat`)?.state
        if (state !== undefined) byThreadState.set(state, (byThreadState.get(state) ?? 0) + 1)
      }
    }
    page.gauge('node_processes_threads', 'Allocated threads in system', threads)
    const limit = (name: string, help: string, file: string): void => {
      const value = files.optionalNumber(files.proc('sys/kernel', file))
      if (value !== undefined) page.gauge(`node_processes_${name}`, help, value)
    }
    limit('max_threads', 'Limit of threads in the system', 'threads-max')
    for (const [state, value] of byState) {
      page.gauge('node_processes_state', 'Number of processes in each state.', value, { state })
    }
    for (const [state, value] of byThreadState) {
      page.gauge('node_processes_threads_state', 'Number of threads in each state.', value, { thread_state: state })
    }
    page.gauge('node_processes_pids', 'Number of PIDs', count)
    limit('max_processes', 'Number of max PIDs limit', 'pid_max')
  },
}

/** `1 (name, which may hold blanks and brackets) S …`; the number of threads is the 20th field. */
function statOf(files: HostFiles, pid: string, file: string): { state: string; threads: number } | undefined {
  const text = files.optionalText(files.proc(pid, file))
  if (text === undefined) return undefined
  const [state = '', ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state, threads: Number(rest[16] ?? 0) }
}
