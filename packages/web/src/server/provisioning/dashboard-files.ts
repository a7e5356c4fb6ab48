import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { DashboardJson } from '../../common/api.ts'
import { checkTitle, checkUid, DashboardError, stableUid } from '../storage/dashboard-rules.ts'
import { JsonSyntaxError, parseJson } from './json-text.ts'

/** More files than this in one provider are a mistake, such as a path of `/`. */
const MAX_FILES = 10_000
const MAX_DEPTH = 16
const MAX_FILE_BYTES = 16 * 1024 * 1024

export interface DashboardFile {
  readonly json: DashboardJson
  readonly uid: string
  readonly checksum: string
}

/** A file that is no dashboard, or a folder that cannot be read; the message is `file:line:col: error: …`. */
export class DashboardFileError extends Error {
  constructor(place: string, problem: string) {
    super(`${place}: error: ${problem}`)
    this.name = 'DashboardFileError'
  }
}

/**
 * Paths of all `.json` files below a folder, relative to it, sorted. Links are followed, as mounted configuration consists of them.
 * @throws DashboardFileError when the folder cannot be read or holds too many files
 */
export async function listDashboardFiles(folder: string): Promise<string[]> {
  const found: string[] = []
  const visit = async (directory: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new DashboardFileError(`${directory}:1:1`, `more than ${MAX_DEPTH} folders deep`)
    for (const name of (await readdir(directory)).toSorted()) {
      if (name.startsWith('.')) continue
      const path = join(directory, name)
      const status = await stat(path).catch(() => undefined)
      if (status?.isDirectory()) await visit(path, depth + 1)
      else if (status?.isFile() && name.endsWith('.json')) found.push(relative(folder, path))
      if (found.length > MAX_FILES) throw new DashboardFileError(`${folder}:1:1`, `more than ${MAX_FILES} files`)
    }
  }
  try {
    await visit(folder, 0)
  } catch (error) {
    if (error instanceof DashboardFileError) throw error
    throw new DashboardFileError(
      `${folder}:1:1`,
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return found
}

/**
 * @param identity what a uid is made from when the file has none
 * @throws DashboardFileError
 */
export async function readDashboardFile(path: string, identity: string): Promise<DashboardFile> {
  const text = await readText(path)
  const json = parseDashboard(path, text)
  const uid = typeof json.uid === 'string' && json.uid !== '' ? json.uid : stableUid(identity)
  try {
    checkUid(uid)
    checkTitle(json.title)
  } catch (error) {
    if (error instanceof DashboardError) throw new DashboardFileError(`${path}:1:1`, error.message)
    throw error
  }
  return { json, uid, checksum: createHash('sha256').update(text).digest('hex') }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes, the limit is ${MAX_FILE_BYTES}`)
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new DashboardFileError(
      `${path}:1:1`,
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function parseDashboard(path: string, text: string): DashboardJson {
  try {
    const value = parseJson(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as DashboardJson
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    const [line, column, ...problem] = error.message.split(':')
    throw new DashboardFileError(`${path}:${line}:${column}`, problem.join(':').trim())
  }
  throw new DashboardFileError(`${path}:1:1`, 'not a dashboard: an object is expected')
}
