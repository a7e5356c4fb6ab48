import { labelsFromRecord } from '@quartet/model'
import type { Labels } from '@quartet/model'

import { seededRandom } from './random.ts'

/** One host exposes this many metrics … */
export const UNITS = 200
/** … with this many values of their last label each: 2000 series per host. */
export const VALUES = 10

export const CODES = ['200', '201', '204', '301', '400', '401', '404', '500', '502', '503']
export const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '+Inf']
const BOUND_SHARE = [0.05, 0.14, 0.31, 0.52, 0.71, 0.86, 0.945, 0.985, 0.997, 1]
const CODE_WEIGHT = [1, 0.12, 0.03, 0.02, 0.05, 0.02, 0.06, 0.004, 0.002, 0.001]

type Kind = 'counter' | 'histogram' | 'seconds' | 'memory' | 'decimal' | 'ratio' | 'constant'

interface Unit {
  readonly name: string
  readonly kind: Kind
  readonly label: 'code' | 'le'
}

const number3 = (value: number): string => String(value).padStart(3, '0')

/** The mix of metrics that a service exposes: mostly counters, histograms, some gauges of each sort. */
export function unitOf(unit: number): Unit {
  if (unit < 20) return { name: 'http_requests_total', kind: 'counter', label: 'code' }
  if (unit < 40) return { name: 'http_request_duration_seconds_bucket', kind: 'histogram', label: 'le' }
  if (unit < 110) return { name: `app_ops_${number3(unit)}_total`, kind: 'counter', label: 'code' }
  if (unit < 125) return { name: `app_cpu_${number3(unit)}_seconds_total`, kind: 'seconds', label: 'code' }
  if (unit < 140) return { name: `app_latency_${number3(unit)}_seconds_bucket`, kind: 'histogram', label: 'le' }
  if (unit < 160) return { name: `app_memory_${number3(unit)}_bytes`, kind: 'memory', label: 'code' }
  if (unit < 180) return { name: `app_temperature_${number3(unit)}_celsius`, kind: 'decimal', label: 'code' }
  if (unit < 190) return { name: `app_utilisation_${number3(unit)}_ratio`, kind: 'ratio', label: 'code' }
  return { name: `app_limit_${number3(unit)}`, kind: 'constant', label: 'code' }
}

/** Ten labels, sorted by name as remote write requires. */
export function labelsOf(instance: number, unit: number, value: number): Labels {
  const { name, label } = unitOf(unit)
  const host = String(instance).padStart(2, '0')
  const pod = ((instance * 2654435761) >>> 0).toString(36).slice(0, 5)
  return labelsFromRecord({
    __name__: name,
    cluster: `prod-eu-central-${instance % 3}`,
    container: 'app',
    handler: `/api/v1/resource-${number3(unit)}`,
    instance: `host-${host}.dc1.example.net:9100`,
    job: `service-${unit % 20 < 10 ? 'a' : 'b'}${unit % 5}`,
    namespace: `team-${unit % 8}`,
    pod: `app-7d9f8c6b5d-${pod}-${host}`,
    region: 'eu-central-1',
    [label]: label === 'le' ? BOUNDS[value] : CODES[value],
  })
}

/** One host: the values of all its series, advanced by {@link step}. The same seed gives the same history. */
export class Instance {
  readonly values = new Float64Array(UNITS * VALUES)
  readonly #rates = new Float64Array(UNITS * VALUES)
  readonly #index: number
  readonly #random: () => number

  constructor(index: number, seed = 1) {
    this.#index = index
    this.#random = seededRandom(seed * 7919 + index * 104729 + 13)
    for (let unit = 0; unit < UNITS; unit++) this.#begin(unit)
  }

  /** The grid of this host's scrapes is its own; 3 % of them come a few milliseconds late. */
  timeMs(startMs: number, round: number, intervalMs: number): number {
    const onGrid = startMs + round * intervalMs + ((this.#index * 293) % intervalMs)
    return this.#random() < 0.03 ? onGrid + 1 + Math.floor(this.#random() * 20) : onGrid
  }

  step(): void {
    for (let unit = 0; unit < UNITS; unit++) this.#advance(unit, unit * VALUES)
  }

  #begin(unit: number): void {
    const random = this.#random
    const { kind } = unitOf(unit)
    const activity = Math.exp(random() * 6) / 4
    for (let value = 0; value < VALUES; value++) {
      const at = unit * VALUES + value
      const draw = random()
      switch (kind) {
        case 'counter':
          this.#rates[at] = draw < 0.15 ? 0 : activity * CODE_WEIGHT[value] * 15
          this.values[at] = Math.floor(random() * 1e6 * CODE_WEIGHT[value])
          break
        case 'histogram':
          this.#rates[at] = activity * 5
          this.values[at] = Math.floor(5e5 * activity * BOUND_SHARE[value])
          break
        case 'seconds':
          this.#rates[at] = draw * 15
          this.values[at] = Math.round(draw * 1e7) / 100
          break
        case 'memory':
          this.values[at] = Math.floor(random() * 1e6) * 4096
          break
        case 'decimal':
          this.values[at] = Math.round(200 + random() * 600) / 10
          break
        case 'ratio':
          this.values[at] = random()
          break
        case 'constant':
          this.values[at] = Math.round(draw * 1000)
      }
    }
  }

  #advance(unit: number, first: number): void {
    const { values } = this
    const random = this.#random
    const last = first + VALUES
    switch (unitOf(unit).kind) {
      case 'counter':
        for (let at = first; at < last; at++) {
          if (this.#rates[at] > 0) values[at] += Math.floor(this.#rates[at] * (0.5 + random()) + random())
        }
        return
      case 'histogram':
        this.#observe(first)
        return
      case 'seconds':
        for (let at = first; at < last; at++) {
          values[at] = Math.round((values[at] + this.#rates[at] * (0.8 + 0.4 * random())) * 100) / 100
        }
        return
      case 'memory':
        for (let at = first; at < last; at++) {
          if (random() < 0.6) values[at] = Math.max(0, values[at] + Math.floor((random() - 0.5) * 2000) * 4096)
        }
        return
      case 'decimal':
        for (let at = first; at < last; at++) {
          if (random() < 0.7) values[at] = Math.round(values[at] * 10 + (random() - 0.5) * 10) / 10
        }
        return
      case 'ratio':
        for (let at = first; at < last; at++) {
          values[at] = Math.min(1, Math.max(0, values[at] + (random() - 0.5) * 0.05))
        }
        return
      case 'constant':
    }
  }

  /** Cumulative buckets: each is at least the one below it, the last is the count. */
  #observe(first: number): void {
    const count = Math.floor(this.#rates[first] * (0.5 + this.#random()) + this.#random())
    let below = 0
    for (let bound = 0; bound < VALUES; bound++) {
      const share = Math.floor(count * BOUND_SHARE[bound] + this.#random())
      below = bound === VALUES - 1 ? count : Math.min(count, Math.max(below, share))
      this.values[first + bound] += below
    }
  }
}
