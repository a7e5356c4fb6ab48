import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { sendCustomers } from './customers.ts'
import type { Tally, Visit } from './customers.ts'
import { messageOf } from './http-server.ts'
import { parseOptions, SERVICE_NAMES, USAGE } from './options.ts'
import type { Options, ServiceName } from './options.ts'
import { ServiceProcess } from './processes.ts'

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(USAGE)
    return 0
  }
  const missing = await unreachable(options)
  if (missing.length > 0) {
    console.error(`Quartet is not reachable: nothing answers on ${missing.join(' and ')}.`)
    console.error('Start it with "npm start", or name another host with --endpoint.')
    return 1
  }
  const services = await startShop(options)
  console.log(`The shop is open: ${SERVICE_NAMES.map((name) => `${name} (${options.protocols[name]})`).join(', ')}`)
  console.log(`${options.rate} customers per second for ${options.seconds} s; Ctrl-C closes earlier.`)
  const tally = await trade(options, services.storefront.url)
  console.log('Closing; sending what is still waiting.')
  const problems: string[] = []
  // Callers first, so that nobody is called after it is gone.
  for (const name of SERVICE_NAMES) {
    for (const problem of await services[name].stop()) problems.push(`${name}: ${problem}`)
  }
  printSummary(tally)
  if (problems.length === 0) return 0
  console.error(`\nNot everything could be sent:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
  return 1
}

/** Starts callees before their callers. */
async function startShop(options: Options): Promise<Record<ServiceName, ServiceProcess>> {
  const receiver = { host: options.endpoint, grpcPort: options.grpcPort, httpPort: options.httpPort }
  const start = (service: ServiceName, peers: Partial<Record<ServiceName, string>>): Promise<ServiceProcess> =>
    ServiceProcess.start({
      service,
      instance: randomUUID(),
      seed: options.seed,
      protocol: options.protocols[service],
      receiver,
      exemplars: options.exemplars,
      outage: options.outage,
      peers,
    })
  const payments = await start('payments', {})
  const orders = await start('orders', { payments: payments.url })
  const storefront = await start('storefront', { orders: orders.url })
  return { storefront, orders, payments }
}

async function trade(options: Options, shopUrl: string): Promise<Tally> {
  const closing = new AbortController()
  const timer = setTimeout(() => closing.abort(), options.seconds * 1000)
  const interrupt = (): void => closing.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const onSecond = (second: number, tally: Readonly<Tally>): void => {
    if (second % 5 !== 0 && second !== 1) return
    const failures = tally.failures === 1 ? '1 failure' : `${tally.failures} failures`
    console.log(`  ${String(second).padStart(4)} s  ${tally.visits} visits, ${failures}`)
  }
  try {
    return await sendCustomers({ shopUrl, rate: options.rate, seed: options.seed, signal: closing.signal, onSecond })
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

function printSummary(tally: Tally): void {
  const describe = (title: string, visit: Visit | undefined): string[] =>
    visit ? [`  ${visit.traceId}  ${title}: ${visit.what} ${visit.status} in ${Math.round(visit.durationMs)} ms`] : []
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} turned away because the shop was full` : ''
  const example = tally.failed ?? tally.slowest ?? tally.ordinary
  console.log(`
${tally.visits} visits, ${tally.failures} failures${skipped}.

Traces to open in Explore (data source Tempo):
${[...describe('an order', tally.ordinary), ...describe('the slowest', tally.slowest), ...describe('a failure', tally.failed)].join('\n')}

Queries to try:
  PromQL   sum by (job) (rate(http_server_request_duration_seconds_count[1m]))
  PromQL   histogram_quantile(0.95, sum by (le, job) (rate(http_server_request_duration_seconds_bucket[1m])))
  LogQL    {service_name="orders"} |= "placed"
  LogQL    {service_namespace="shop"} | trace_id = "${example?.traceId ?? '<trace id>'}"
  TraceQL  { resource.service.name = "payments" && duration > 500ms }
  TraceQL  { resource.service.namespace = "shop" && status = error }`)
}

async function unreachable(options: Options): Promise<string[]> {
  const used = new Set(
    Object.values(options.protocols).map((p) => (p === 'grpc' ? options.grpcPort : options.httpPort)),
  )
  const missing: string[] = []
  for (const port of used) {
    if (!(await answers(options.endpoint, port))) missing.push(`${options.endpoint}:${port}`)
  }
  return missing
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 })
    const finish = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => finish(true))
    socket.once('timeout', () => finish(false))
    socket.once('error', () => finish(false))
  })
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
