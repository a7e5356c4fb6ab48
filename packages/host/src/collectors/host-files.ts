import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where the kernel tells about itself. Files of procfs and sysfs are made when they are read and are small, so they are read at
 * once: a trip to the thread pool costs more than the read.
 */
export class HostFiles {
  readonly procfs: string
  readonly sysfs: string
  readonly rootfs: string
  readonly udev: string

  constructor(paths: { procfs: string; sysfs: string; rootfs: string; udev: string }) {
    this.procfs = paths.procfs
    this.sysfs = paths.sysfs
    this.rootfs = paths.rootfs
    this.udev = paths.udev
  }

  proc(...parts: string[]): string {
    return join(this.procfs, ...parts)
  }

  sys(...parts: string[]): string {
    return join(this.sysfs, ...parts)
  }

  root(...parts: string[]): string {
    return join(this.rootfs, ...parts)
  }

  /** @throws NoDataError when the file is missing or may not be read */
  text(path: string): string {
    try {
      return readFileSync(path, 'utf8')
    } catch (cause) {
      throw new NoDataError(`cannot read ${path}: ${codeOf(cause)}`, { cause })
    }
  }

  /** `undefined` when the file is missing, may not be read, or the driver refuses to tell. */
  optionalText(path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return undefined // for callers to whom a file that cannot be read is the same as none
    }
  }

  /** A number in a file of its own; `undefined` when there is none. */
  optionalNumber(path: string): number | undefined {
    const text = this.optionalText(path)
    if (text === undefined || text === '') return undefined
    const value = Number(text)
    return Number.isNaN(value) ? undefined : value
  }

  /** Names in a directory, sorted; empty when there is no such directory. */
  names(path: string): string[] {
    try {
      return readdirSync(path).sort()
    } catch {
      return [] // the same as an empty one
    }
  }

  /** The same, where a directory that is missing means that the machine has nothing of the kind. @throws NoDataError */
  existingNames(path: string): string[] {
    try {
      return readdirSync(path).sort()
    } catch (cause) {
      throw new NoDataError(`cannot read ${path}: ${codeOf(cause)}`, { cause })
    }
  }

  /** The lines of a file, without empty ones. @throws NoDataError */
  lines(path: string): string[] {
    return this.text(path)
      .split('\n')
      .filter((line) => line !== '')
  }

  realPath(path: string): string | undefined {
    try {
      return realpathSync(path)
    } catch {
      return undefined // it does not exist
    }
  }

  linkTarget(path: string): string | undefined {
    try {
      return readlinkSync(path)
    } catch {
      return undefined // it is no link, or not ours to read
    }
  }
}

/** The machine does not have what a collector reads, or does not let it. */
export class NoDataError extends Error {
  override name = 'NoDataError'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

export function fields(line: string): string[] {
  return line.trim().split(/\s+/)
}
