import type { CallService } from './http-client.ts'
import type { Journal } from './journal.ts'
import type { ServiceName } from './options.ts'
import type { Random } from './random.ts'

/** What the routes of a service are made of. */
export interface ServiceSetup {
  readonly random: Random
  readonly call: CallService
  readonly peers: Readonly<Partial<Record<ServiceName, string>>>
  readonly journal: Journal
  readonly isGatewayDown: () => boolean
}
