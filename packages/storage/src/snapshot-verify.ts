import { join } from 'node:path'
import { CorruptBlockError, META_FILE } from './block-format.ts'
import { Block } from './block.ts'
import { scanSegment } from './disk-queue-format.ts'
import type { FileSystem } from './file-system.ts'
import { listDataFiles } from './snapshot-files.ts'
import type { DataFile } from './snapshot-files.ts'
import { HEADER_BYTES, readSegment } from './wal-segment.ts'

/** Something wrong with a file. `warning`: what a crash leaves and recovery repairs without loss of what was acknowledged. */
export interface DataProblem {
  readonly severity: 'error' | 'warning'
  /** Relative to the directory. */
  readonly path: string
  readonly message: string
}

export interface DataReport {
  readonly problems: readonly DataProblem[]
  readonly blocks: number
  readonly segments: number
  readonly records: number
}

const RANGE_BYTES = 4 << 20

/**
 * Reads every block and every log below a directory as recovery would, without changing anything.
 * @param signal checked between files
 */
export async function verifyData(
  fileSystem: FileSystem,
  directory: string,
  options: { readonly signal?: AbortSignal; readonly onFile?: (file: DataFile) => void } = {},
): Promise<DataReport> {
  const problems: DataProblem[] = []
  const report = { problems, blocks: 0, segments: 0, records: 0 }
  const files = await listDataFiles(fileSystem, directory)
  const blocks = new Set<string>()
  let previous: DataFile | undefined
  for (const file of files) {
    options.signal?.throwIfAborted()
    options.onFile?.(file)
    const say = (severity: DataProblem['severity'], message: string, path = file.path): void =>
      void problems.push({ severity, path, message })
    try {
      if (file.kind === 'block') {
        const block = file.path.slice(0, file.path.lastIndexOf('/'))
        if (blocks.has(block)) continue
        blocks.add(block)
        report.blocks++
        await verifyBlock(fileSystem, join(directory, block))
      } else if (file.kind === 'log') {
        report.segments++
        if (file.path.endsWith('.wal')) report.records += await verifyWalSegment(fileSystem, directory, file, say)
        else report.records += await verifyQueueSegment(fileSystem, directory, file, say)
        if (previous && isGap(previous.path, file.path)) say('error', `segments before it are missing`)
        previous = file
      }
    } catch (error) {
      say('error', error instanceof Error ? error.message : String(error))
    }
  }
  return report
}

/** Every page of every section against its checksum. @throws CorruptBlockError */
async function verifyBlock(fileSystem: FileSystem, path: string): Promise<void> {
  if (!(await fileSystem.stat(join(path, META_FILE)))) throw new CorruptBlockError(`${path}: ${META_FILE} is missing`)
  const block = await Block.open(fileSystem, path)
  try {
    for (const { name, sizeBytes } of block.meta.sections) {
      for (let at = 0; at < sizeBytes; at += RANGE_BYTES) {
        await block.sectionRange(name, at, Math.min(sizeBytes, at + RANGE_BYTES))
      }
    }
  } finally {
    await block.close()
  }
}

type Say = (severity: DataProblem['severity'], message: string) => void

async function verifyWalSegment(fileSystem: FileSystem, directory: string, file: DataFile, say: Say): Promise<number> {
  const found = await readSegment(
    fileSystem,
    join(directory, file.path),
    segmentNumber(file.path),
    () => undefined,
    (offset, message) => say('error', `at byte ${offset}: ${message}`),
  )
  const torn = found.size - found.end
  // A process may die between making a segment and writing its header.
  if (torn > 0 && found.size > HEADER_BYTES) say(tornSeverity(file), `the last ${torn} bytes are not an intact record`)
  return found.records
}

async function verifyQueueSegment(
  fileSystem: FileSystem,
  directory: string,
  file: DataFile,
  say: Say,
): Promise<number> {
  const bytes = await fileSystem.readFile(join(directory, file.path))
  let entries = 0
  const { end, skippedBytes } = scanSegment(bytes, () => entries++)
  if (skippedBytes > 0) say('error', `${skippedBytes} bytes are damaged`)
  if (end < bytes.length) say(tornSeverity(file), `the last ${bytes.length - end} bytes are not an intact entry`)
  return entries
}

function tornSeverity(file: DataFile): DataProblem['severity'] {
  return file.isGrowing ? 'warning' : 'error'
}

function segmentNumber(path: string): number {
  return Number(path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.')))
}

/** Only a WAL is without gaps: a queue is emptied from its front, and starts again behind what a crash has left. */
function isGap(before: string, path: string): boolean {
  const directory = path.slice(0, path.lastIndexOf('/'))
  if (!path.endsWith('.wal') || before.slice(0, before.lastIndexOf('/')) !== directory) return false
  return segmentNumber(path) !== segmentNumber(before) + 1
}
