import { link, mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Another Quartet uses the same data directory. */
export class DataDirectoryInUseError extends Error {
  readonly pid: number
  constructor(directory: string, pid: number) {
    super(`${directory} is in use by another Quartet (process ${pid}); --data chooses another directory`)
    this.name = 'DataDirectoryInUseError'
    this.pid = pid
  }
}

interface Holder {
  readonly pid: number
  /** Clock ticks since boot at which the process began: tells a process from a later one with the same id. */
  readonly startTicks: string
  readonly bootId: string
}

const FILE = 'quartet.lock'
const ATTEMPTS = 10

/**
 * Makes this process the only one on a data directory. The file names its holder by process id, start time and boot, so what a
 * `kill -9`, a reboot or a reused process id leaves behind is recognised as stale and taken over.
 * @throws DataDirectoryInUseError
 */
export async function lockDataDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, FILE)
  const self = (await identify(process.pid)) ?? { pid: process.pid, startTicks: '', bootId: '' }
  const text = JSON.stringify(self) + '\n'
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await createExclusively(path, text)) return { release: () => release(path, text) }
    const found = await readIfThere(path)
    if (found === undefined) continue
    const holder = parseHolder(found)
    if (holder && (await isAlive(holder))) throw new DataDirectoryInUseError(directory, holder.pid)
    await setAside(path, found)
  }
  throw new Error(`${path} changes hands faster than it can be taken`)
}

async function createExclusively(path: string, text: string): Promise<boolean> {
  // Complete before it is visible: a reader must never see half a holder and take it for stale.
  const draft = `${path}.${process.pid}`
  const file = await open(draft, 'w')
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await unlink(draft)
  }
}

/** Two processes may find the same stale file; the slower one must not remove what the faster one has put in its place. */
async function setAside(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const taken = await readIfThere(aside)
  if (taken !== stale && taken !== undefined) {
    await link(aside, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  }
  await rm(aside, { force: true })
}

async function release(path: string, text: string): Promise<void> {
  if ((await readIfThere(path)) === text) await rm(path, { force: true })
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null
    if (typeof value?.pid !== 'number' || typeof value.startTicks !== 'string') return undefined
    return { pid: value.pid, startTicks: value.startTicks, bootId: String(value.bootId) }
  } catch {
    return undefined
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  const now = await identify(holder.pid)
  if (now) return now.startTicks === holder.startTicks && now.bootId === holder.bootId
  if (await readIfThere('/proc/self/stat')) return false
  // No /proc: only the process id can be asked for.
  try {
    process.kill(holder.pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

async function identify(pid: number): Promise<Holder | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command name is in parentheses and may hold anything; the start time is field 22, the 20th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return undefined
  const bootId = (await readIfThere('/proc/sys/kernel/random/boot_id'))?.trim() ?? ''
  return { pid, startTicks: fields[19] ?? '', bootId }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
