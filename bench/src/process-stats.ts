import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Linux counts CPU time in these ticks. */
const TICKS_PER_SECOND = 100

/** User and system CPU seconds of a process, all its threads included (proc(5), fields 14 and 15 of stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export interface Memory {
  readonly residentMb: number
  readonly peakMb: number
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (key: string): number =>
    Math.round(Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)
  return { residentMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') }
}

export function directoryBytes(path: string): number {
  let total = 0
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    total += entry.isDirectory() ? directoryBytes(child) : statSync(child).size
  }
  return total
}
