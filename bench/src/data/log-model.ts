import { ProtoWriter } from '@quartet/model'

import { seededRandom } from './random.ts'

const LEVELS = ['info', 'info', 'info', 'info', 'debug', 'debug', 'warn', 'error']
const PATHS = [
  '/api/v1/orders',
  '/api/v1/users',
  '/api/v1/cart',
  '/health',
  '/api/v1/payments/confirm',
  '/static/app.js',
]
const MESSAGES = [
  'request handled',
  'cache miss',
  'retrying upstream call',
  'connection reset by peer',
  'user session refreshed',
]
const APPS = ['api', 'worker', 'gateway', 'billing', 'auth']

export interface LogRequest {
  readonly body: Uint8Array<ArrayBuffer>
  /** Bytes of the lines alone: what a MB/s of logs counts. */
  readonly lineBytes: number
  readonly lines: number
}

/** Log lines of a few services, half JSON and half logfmt, as Loki push requests (logproto.PushRequest). */
export class LogModel {
  readonly #random: () => number

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
  }

  /** One request: a stream per service, `linesPerStream` lines each, times ascending from `startNs`. */
  request(startNs: bigint, linesPerStream: number): LogRequest {
    const writer = new ProtoWriter(1 << 20)
    let lineBytes = 0
    for (const [index, app] of APPS.entries()) {
      const stream = writer.begin(1)
      writer.string(1, `{app="${app}", env="prod", pod="${app}-${index}"}`)
      for (let line = 0; line < linesPerStream; line++) {
        const timeNs = startNs + BigInt(line) * 1_000_000n + BigInt(index)
        const text = this.#line(index)
        lineBytes += text.length
        const entry = writer.begin(2)
        const time = writer.begin(1)
        writer.int64(1, timeNs / 1_000_000_000n).int64(2, timeNs % 1_000_000_000n)
        writer.finish(time)
        writer.string(2, text)
        writer.finish(entry)
      }
      writer.finish(stream)
    }
    return { body: writer.toBytes(), lineBytes, lines: APPS.length * linesPerStream }
  }

  #line(index: number): string {
    const random = this.#random
    const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]
    const trace = this.#hex(8) + this.#hex(8) + this.#hex(8) + this.#hex(8)
    const status = random() < 0.03 ? 500 : 200
    const ms = (random() * 300).toFixed(2)
    if (index % 2 === 0) {
      return JSON.stringify({
        level: pick(LEVELS),
        msg: pick(MESSAGES),
        method: 'GET',
        path: pick(PATHS),
        status,
        duration_ms: Number(ms),
        trace_id: trace,
      })
    }
    return `level=${pick(LEVELS)} msg="${pick(MESSAGES)}" method=POST path=${pick(PATHS)} status=${status} duration=${ms}ms trace_id=${trace}`
  }

  #hex(digits: number): string {
    return Math.floor(this.#random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  }
}
