/**
 * One service of the shop: a process of its own, started by main.ts, which tells it what to do over the IPC channel.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ReceiverAddress } from './exporters.ts'
import { createHttpClient } from './http-client.ts'
import { serveRoutes } from './http-server.ts'
import type { Route } from './http-server.ts'
import { createJournal } from './journal.ts'
import type { Protocol, ServiceName } from './options.ts'
import { watchOutage } from './outage.ts'
import type { Outage } from './outage.ts'
import { orderRoutes } from './orders.ts'
import { paymentRoutes } from './payments.ts'
import { Random } from './random.ts'
import type { ServiceSetup } from './service-setup.ts'
import { storefrontRoutes } from './storefront.ts'
import { startTelemetry } from './telemetry.ts'

export interface StartMessage {
  readonly service: ServiceName
  readonly instance: string
  readonly seed: number
  readonly protocol: Protocol
  readonly receiver: ReceiverAddress
  readonly exemplars: boolean
  readonly outage: Outage | undefined
  /** URLs of the services that are up already. */
  readonly peers: Readonly<Partial<Record<ServiceName, string>>>
}

export type ServiceReport =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'stopped'; readonly problems: readonly string[] }

const ROUTES: Record<ServiceName, (setup: ServiceSetup) => readonly Route[]> = {
  storefront: storefrontRoutes,
  orders: orderRoutes,
  payments: paymentRoutes,
}

async function run(start: StartMessage): Promise<void> {
  const telemetry = startTelemetry(start)
  const scope = `shop.${start.service}`
  const journal = createJournal(scope)
  const setup = {
    random: new Random(start.seed, start.service),
    call: createHttpClient(scope),
    peers: start.peers,
    journal,
    isGatewayDown: watchOutage(start.outage),
  }
  const server = serveRoutes(ROUTES[start.service](setup), { scope, journal })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  journal.info(`${start.service} is ready on port ${port}`)
  report({ kind: 'ready', url: `http://127.0.0.1:${port}` })

  await once(process, 'message')
  journal.info(`${start.service} stops`)
  await closeServer(server)
  await telemetry.shutdown()
  report({ kind: 'stopped', problems: [...telemetry.problems] })
  process.disconnect()
}

function report(message: ServiceReport): void {
  process.send?.(message)
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeIdleConnections()
  })
}

// An interrupt reaches the whole process group; main.ts stops the services in order.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
process.once('message', (message) => void run(message as StartMessage))
