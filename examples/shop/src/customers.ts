import { setTimeout as sleep } from 'node:timers/promises'
import { request as sendRequest, Agent } from 'node:http'
import { Random } from './random.ts'

/** More than this many visits at once are not begun, so that a slow shop is not buried. */
const MAX_ACTIVE_VISITS = 256

export interface Visit {
  readonly what: string
  readonly status: number
  readonly durationMs: number
  readonly traceId: string
}

export interface Tally {
  visits: number
  failures: number
  skipped: number
  /** One visit of each kind that is worth a look. */
  ordinary: Visit | undefined
  slowest: Visit | undefined
  failed: Visit | undefined
}

/** Sends customers to the shop at a steady rate until `signal` is aborted; resolves when the last has left. */
export async function sendCustomers(options: {
  shopUrl: string
  rate: number
  seed: number
  signal: AbortSignal
  onSecond: (second: number, tally: Readonly<Tally>) => void
}): Promise<Tally> {
  const random = new Random(options.seed, 'customers')
  const agent = new Agent({ keepAlive: true })
  const tally: Tally = {
    visits: 0,
    failures: 0,
    skipped: 0,
    ordinary: undefined,
    slowest: undefined,
    failed: undefined,
  }
  const active = new Set<Promise<void>>()
  const startedMs = performance.now()
  let begun = 0
  let second = 0
  while (!options.signal.aborted) {
    const elapsedMs = performance.now() - startedMs
    for (; begun < (elapsedMs / 1000) * options.rate; begun++) {
      const step = chooseStep(random)
      if (active.size >= MAX_ACTIVE_VISITS) {
        tally.skipped++
        continue
      }
      const visit = visitShop(agent, options.shopUrl, step)
        .then((result) => count(tally, result))
        .finally(() => active.delete(visit))
      active.add(visit)
    }
    if (elapsedMs >= (second + 1) * 1000) options.onSecond(++second, tally)
    await sleep(Math.min(20, 1000 / options.rate))
  }
  await Promise.all(active)
  agent.destroy()
  return tally
}

interface Step {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
}

function chooseStep(random: Random): Step {
  const choice = random.next()
  const product = random.pick(['kettle', 'teapot', 'oolong', 'sencha', 'strainer', 'mug'])
  if (choice < 0.3) return { method: 'GET', path: '/' }
  if (choice < 0.58) return { method: 'GET', path: `/products/${product}` }
  if (choice < 0.6) return { method: 'GET', path: '/products/samovar' }
  if (choice < 0.65) return { method: 'GET', path: `/orders/${Math.floor(random.next() * 2 ** 32).toString(16)}` }
  const body = {
    product,
    quantity: 1 + Math.floor(random.next() * 4),
    paymentMethod: random.pick(['card', 'card', 'card', 'invoice', 'voucher']),
  }
  return { method: 'POST', path: '/checkout', body }
}

function visitShop(agent: Agent, shopUrl: string, step: Step): Promise<Visit> {
  const startedMs = performance.now()
  const finish = (status: number, traceId: string): Visit => ({
    what: `${step.method} ${step.path}`,
    status,
    durationMs: performance.now() - startedMs,
    traceId,
  })
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' }
    const request = sendRequest(`${shopUrl}${step.path}`, { method: step.method, agent, headers }, (response) => {
      response.resume()
      response.on('error', () => resolve(finish(0, '')))
      response.on('end', () => resolve(finish(response.statusCode ?? 0, String(response.headers['x-trace-id'] ?? ''))))
    })
    // A visit that did not get through is a failed visit: it is counted as one.
    request.on('error', () => resolve(finish(0, '')))
    request.end(step.body === undefined ? undefined : JSON.stringify(step.body))
  })
}

function count(tally: Tally, visit: Visit): void {
  tally.visits++
  const isFailure = visit.status === 0 || visit.status >= 500
  if (isFailure) tally.failures++
  if (visit.traceId === '') return
  if (isFailure) tally.failed ??= visit
  else if (visit.what.startsWith('POST') && visit.status === 201) tally.ordinary ??= visit
  if (!isFailure && visit.durationMs > (tally.slowest?.durationMs ?? 0)) tally.slowest = visit
}
