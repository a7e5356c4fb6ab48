import { fileURLToPath } from 'node:url'

/** The bootstrap is plain JavaScript for Node 20 without packages: it runs before anything is installed. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`)
}
