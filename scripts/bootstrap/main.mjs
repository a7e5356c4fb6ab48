import { say } from './paths.mjs'

/**
 * Runs a script's work and turns a failure of the bootstrap into one line and exit code 1.
 * @param {() => Promise<void>} work
 */
export async function main(work) {
  try {
    await work()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
