import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'

const debianChromium = '/usr/bin/chromium'

/** Without these Chromium looks for hosts of its own at every start. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Debian's chromium when it is installed, else the one from npm. */
export async function launchBrowser(): Promise<Browser> {
  if (existsSync(debianChromium)) return chromium.launch({ executablePath: debianChromium, args: flags })
  const { default: packaged } = await import('@sparticuz/chromium')
  return chromium.launch({ executablePath: await packaged.executablePath(), args: [...packaged.args, ...flags] })
}

export interface WatchedPage {
  readonly page: Page
  /** Errors and warnings of the console, uncaught exceptions, failed requests. */
  readonly problems: string[]
}

/** @param allowed failures that the test provokes, such as a refused login */
export async function openPage(
  browser: Browser,
  options: { signedInAt?: string; allowed?: RegExp } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  if (options.signedInAt) await context.addCookies([{ name: 'session', value: '1', url: options.signedInAt }])
  const page = await context.newPage()
  const problems: string[] = []
  const report = (problem: string): void => {
    if (!options.allowed?.test(problem)) problems.push(problem)
  }
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) report(`console ${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => report(`uncaught: ${error.message}`))
  return { page, problems }
}
