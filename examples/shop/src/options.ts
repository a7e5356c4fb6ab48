import { parseArgs } from 'node:util'
import { parseOutage } from './outage.ts'
import type { Outage } from './outage.ts'

export type Protocol = 'grpc' | 'http/protobuf' | 'http/json'
export type ServiceName = 'storefront' | 'orders' | 'payments'

export const SERVICE_NAMES: readonly ServiceName[] = ['storefront', 'orders', 'payments']

export interface Options {
  readonly seconds: number
  /** Host of the OTLP receivers. */
  readonly endpoint: string
  readonly grpcPort: number
  readonly httpPort: number
  /** Visits to the shop per second. */
  readonly rate: number
  readonly seed: number
  readonly protocols: Readonly<Record<ServiceName, Protocol>>
  /** Whether services that send HTTP/JSON add exemplars to their metrics, which the official exporters do not. */
  readonly exemplars: boolean
  readonly outage: Outage | undefined
}

export const USAGE = `Runs a small shop of three services that sends traces, metrics and logs to Quartet.

  --seconds N       how long customers come (60)
  --endpoint HOST   host of the OTLP receivers (127.0.0.1)
  --grpc-port N     port of OTLP over gRPC (4317)
  --http-port N     port of OTLP over HTTP (4318)
  --rate N          visits per second (20)
  --seed N          the same seed gives the same customers, failures and slow calls (1)
  --protocol P      grpc, http/protobuf or http/json for all services, or one service=protocol (repeatable);
                    by default storefront=http/protobuf, orders=grpc, payments=http/json
  --outage FROM-TO  the seconds between which the payment gateway is down, such as 20-50 (never)
  --no-exemplars    the official exporter also for metrics over http/json, which sends no exemplars
`

/** @throws Error with a text for people when an argument cannot be used */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      endpoint: { type: 'string', default: '127.0.0.1' },
      'grpc-port': { type: 'string', default: '4317' },
      'http-port': { type: 'string', default: '4318' },
      rate: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      protocol: { type: 'string', multiple: true, default: [] },
      outage: { type: 'string' },
      'no-exemplars': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    seconds: number('seconds', values.seconds, { min: 1, max: 86_400 }),
    endpoint: values.endpoint,
    grpcPort: number('grpc-port', values['grpc-port'], { min: 1, max: 65_535 }),
    httpPort: number('http-port', values['http-port'], { min: 1, max: 65_535 }),
    rate: number('rate', values.rate, { min: 0.1, max: 1000 }),
    seed: number('seed', values.seed, { min: 0, max: 2 ** 31 }),
    protocols: protocols(values.protocol),
    exemplars: !values['no-exemplars'],
    outage: parseOutage(values.outage),
  }
}

function protocols(choices: readonly string[]): Record<ServiceName, Protocol> {
  const chosen: Record<ServiceName, Protocol> = { storefront: 'http/protobuf', orders: 'grpc', payments: 'http/json' }
  for (const choice of choices) {
    const [left, right] = choice.split('=')
    const services = right === undefined ? SERVICE_NAMES : SERVICE_NAMES.filter((name) => name === left)
    const protocol = right ?? left
    if (services.length === 0) throw new Error(`--protocol: there is no service "${left}"`)
    if (!isProtocol(protocol)) throw new Error(`--protocol: "${protocol}" is not grpc, http/protobuf or http/json`)
    for (const service of services) chosen[service] = protocol
  }
  return chosen
}

function isProtocol(text: string): text is Protocol {
  return text === 'grpc' || text === 'http/protobuf' || text === 'http/json'
}

function number(flag: string, text: string, range: { min: number; max: number }): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= range.min && value <= range.max)) {
    throw new Error(`--${flag}: "${text}" is not a number from ${range.min} to ${range.max}`)
  }
  return value
}
