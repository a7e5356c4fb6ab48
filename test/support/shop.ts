import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../examples/shop/src/main.ts', import.meta.url))

export interface ShopRun {
  readonly code: number | null
  readonly output: string
  /** Ids of the traces that it names at the end. */
  readonly traceIds: readonly string[]
}

/** Runs `examples/shop` against a Quartet until it closes. */
export function runShop(options: {
  host: string
  seconds: number
  rate?: number
  protocol?: string
  exemplars?: boolean
  /** `from-to`, seconds in which the payment gateway is down. */
  outage?: string
}): Promise<ShopRun> {
  const args = [`--seconds=${options.seconds}`, `--endpoint=${options.host}`, `--rate=${options.rate ?? 20}`]
  if (options.protocol !== undefined) args.push(`--protocol=${options.protocol}`)
  if (options.outage !== undefined) args.push(`--outage=${options.outage}`)
  if (options.exemplars === false) args.push('--no-exemplars')
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk))
    child.once('exit', (code) => resolve({ code, output, traceIds: output.match(/\b[0-9a-f]{32}\b/g) ?? [] }))
  })
}
