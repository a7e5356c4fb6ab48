import { spawn } from 'node:child_process'
import { launcher } from './launcher.mjs'
import { nodeBinary } from './node-binary.mjs'
import { ROOT } from './paths.mjs'

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
const PARENT_CHECK_MS = 1_000

/**
 * Goes on as Node 24 with a script: replaces this process where Node can, otherwise runs a child that gets every signal and does
 * not outlive this process or the npm that started it.
 * @param {string[]} args
 */
export async function becomeNode(args) {
  const launchedByNpm = process.env['npm_lifecycle_event'] !== undefined
  const node = nodeBinary()
  // glibc gives every thread an arena of its own that it never shrinks: 5 MB over all threads.
  const base = { MALLOC_ARENA_MAX: '2', ...process.env }
  if (typeof process.execve === 'function') {
    const env = launchedByNpm ? { ...base, QUARTET_LAUNCHER_PID: launcher() } : base
    process.chdir(ROOT)
    process.execve(node, [node, ...args], env)
  }
  const before = launcher()
  const child = spawn(node, args, {
    stdio: 'inherit',
    cwd: ROOT,
    env: { ...base, QUARTET_LAUNCHER_PID: String(process.pid) },
  })
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  if (launchedByNpm) {
    setInterval(() => launcher() === before || child.kill('SIGTERM'), PARENT_CHECK_MS).unref()
  }
  process.exitCode = await exitOf(child)
}

/**
 * Runs Node 24 with a script and waits for its end.
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export async function runNode(args, options = {}) {
  const child = spawn(nodeBinary(), args, { stdio: 'inherit', cwd: ROOT, ...options })
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, forward)
  try {
    return await exitOf(child)
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward)
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}
