import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { HostFiles } from '../collectors/host-files.ts'

/** What the kernel counts for one cgroup; `undefined` where it does not. Bytes and seconds. */
export interface CgroupStats {
  readonly cpu: { usage?: number; user?: number; system?: number } | undefined
  readonly throttling: Throttling | undefined
  readonly cpuSpec: { shares?: number; period?: number; quota?: number }
  readonly memory: MemoryStats | undefined
  readonly memorySpec: { limit?: number; reservation?: number; swapLimit?: number }
  readonly oomEvents: number | undefined
  readonly threads: { current: number; max: number } | undefined
  readonly blockIo: readonly BlockIo[]
  /** Only cgroup v2 counts it, and only where the kernel was started with it. */
  readonly pressure: readonly Pressure[]
  /** Of its processes, without those of cgroups below it. */
  readonly pids: readonly string[]
}

export interface Throttling {
  readonly periods: number
  readonly throttledPeriods: number
  readonly throttledSeconds: number
  readonly burstPeriods: number
  readonly burstSeconds: number
}

/** Seconds in which some, or all, processes waited for a resource. */
export interface Pressure {
  readonly resource: 'cpu' | 'memory' | 'io'
  readonly waitingSeconds: number
  readonly stalledSeconds: number | undefined
}

export interface MemoryStats {
  readonly usage: number
  readonly workingSet: number
  readonly cache: number
  readonly rss: number
  readonly swap: number | undefined
  readonly mappedFile: number
  readonly kernel: number | undefined
  readonly activeFile: number
  readonly inactiveFile: number
  readonly maxUsage: number | undefined
  readonly failures: number | undefined
  readonly pageFaults: number
  readonly majorPageFaults: number
}

export interface BlockIo {
  readonly major: string
  readonly minor: string
  readonly readBytes: number
  readonly writeBytes: number
  readonly reads: number
  readonly writes: number
}

/** One of the two cgroup file layouts. */
export interface CgroupHierarchy {
  readonly version: 1 | 2
  /** The directory below which the cgroups of the machine are found. */
  readonly walkRoot: string
  read(id: string): CgroupStats
}

export interface Cgroup {
  /** Path below the root: `/`, `/system.slice/docker-<id>.scope`. */
  readonly id: string
  readonly startSeconds: number
}

const MAX_CGROUPS = 5000
const MAX_DEPTH = 12

/** Every cgroup there is, parents first. Reads directories only. */
export function listCgroups(root: string): Cgroup[] {
  const found: Cgroup[] = []
  const visit = (id: string, depth: number): void => {
    const path = join(root, id)
    const { birthtimeMs, ctimeMs } = statSync(path)
    found.push({ id, startSeconds: Math.floor((birthtimeMs || ctimeMs) / 1000) })
    if (depth >= MAX_DEPTH) return
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (found.length >= MAX_CGROUPS) return
      if (!entry.isDirectory()) continue
      try {
        visit(join(id, entry.name), depth + 1)
      } catch (error) {
        // A cgroup may go while one looks at it.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      }
    }
  }
  visit('/', 0)
  return found
}

/** Lines of `key value`. */
export function keyed(text: string | undefined): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const line of (text ?? '').split('\n')) {
    const blank = line.indexOf(' ')
    if (blank > 0) values.set(line.slice(0, blank), Number(line.slice(blank + 1)))
  }
  return values
}

/** A number, or `undefined` for `max` and for a file that is not there. */
export function limitOf(files: HostFiles, path: string): number | undefined {
  const text = files.optionalText(path)
  return text === undefined || text === 'max' || text === '' ? undefined : Number(text)
}

/** The page cache that the kernel would give back first does not count as being worked with. */
export function workingSet(usage: number, inactiveFile: number): number {
  return Math.max(0, usage - inactiveFile)
}
