import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './paths.mjs'

const WANTED_MAJOR = 24

/**
 * The Node that Quartet runs on: the one that npm installed, else the running one when it is new enough.
 * @returns {string}
 */
export function nodeBinary() {
  const pinned = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  if (process.platform === 'linux' && existsSync(pinned)) return pinned
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath
  throw new Error(
    `Quartet needs Node ${WANTED_MAJOR}; on linux x64 and arm64 npm installs it, on ${process.platform} ${process.arch} please install it`,
  )
}
