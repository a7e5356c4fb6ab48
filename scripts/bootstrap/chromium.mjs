import { existsSync } from 'node:fs'

const DEBIAN = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/**
 * The browser for the tests: Debian's when installed, else the one that came with npm (unpacked when first asked for).
 * @returns {Promise<string | undefined>}
 */
export async function findChromium() {
  const given = process.env['QUARTET_CHROMIUM']
  if (given) return given
  const installed = DEBIAN.find((path) => existsSync(path))
  if (installed) return installed
  try {
    const { default: chromium } = await import('@sparticuz/chromium')
    return await chromium.executablePath()
  } catch {
    return undefined // not for this machine; the caller says what is skipped
  }
}
