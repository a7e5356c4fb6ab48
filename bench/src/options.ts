import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Simulated hosts; each has 2000 series of 10 labels. */
  readonly instances: number
  /** Scrapes of 15 s that are sent. */
  readonly rounds: number
  /** Series per request. */
  readonly batch: number
  readonly connections: number
  /** Which servers to run; those that are not installed are left out with a line that says so. */
  readonly servers: readonly string[]
  /** Where to write the results as JSON. */
  readonly out: string | undefined
}

/** Flags of every workload; a workload gives its own defaults. */
export function parseOptions(args: readonly string[], defaults: { instances: number; rounds: number }): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      instances: { type: 'string' },
      rounds: { type: 'string' },
      batch: { type: 'string', default: '1000' },
      connections: { type: 'string', default: '4' },
      servers: { type: 'string', default: 'quartet,prometheus,victoria-metrics' },
      out: { type: 'string' },
    },
  })
  return {
    instances: positive('instances', values.instances, defaults.instances),
    rounds: positive('rounds', values.rounds, defaults.rounds),
    batch: positive('batch', values.batch, 1000),
    connections: positive('connections', values.connections, 4),
    servers: values.servers.split(',').filter((name) => name !== ''),
    out: values.out,
  }
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (!Number.isInteger(value) || value <= 0) throw new Error(`--${name} takes a whole number above 0, not ${text}`)
  return value
}
