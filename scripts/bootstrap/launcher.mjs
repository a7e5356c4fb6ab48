import { readFileSync } from 'node:fs'

/**
 * Who must stay alive for Quartet to go on: the parent, and its parent when the parent is only the shell that npm runs scripts in,
 * which notices nothing when npm is killed. As `pid` or `pid,pid`, for QUARTET_LAUNCHER_PID.
 * @returns {string}
 */
export function launcher() {
  const shell = readStat(process.ppid)
  const isShell =
    process.env['npm_lifecycle_event'] !== undefined && /^(sh|dash|bash|ash|busybox)$/.test(shell?.name ?? '')
  return isShell ? `${process.ppid},${shell?.parent}` : String(process.ppid)
}

/**
 * @param {number} pid
 * @returns {{ name: string, parent: number } | undefined}
 */
function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const end = text.lastIndexOf(')')
    return { name: text.slice(text.indexOf('(') + 1, end), parent: Number(text.slice(end + 2).split(' ')[1]) }
  } catch {
    return undefined // gone, or no /proc on this system
  }
}
