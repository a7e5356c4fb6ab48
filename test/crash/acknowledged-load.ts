import { randomBytes } from 'node:crypto'

import { compressSync } from 'snappy'
import { ProtoWriter } from '@quartet/model'

/**
 * Writes to all three stores at once until the server goes away, and remembers exactly what was acknowledged. Everything is numbered, so
 * that one query per signal tells whether anything is missing.
 */
export class AcknowledgedLoad {
  /** Last acknowledged number per metric series `crash_total{writer}`; samples are written in order. */
  readonly samples = new Map<string, { value: number; timeMs: number }>()
  readonly logLines: string[] = []
  readonly traceIds: string[] = []
  readonly #host: string
  readonly #round: number
  #sequence = 0

  constructor(host: string, round: number) {
    this.#host = host
    this.#round = round
  }

  /** Runs until a request fails, which is what SIGKILL does to it. */
  async run(): Promise<void> {
    const writers = [this.#metrics('a'), this.#metrics('b'), this.#logs(), this.#logs(), this.#traces(), this.#traces()]
    await Promise.all(writers)
  }

  async #repeat(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await write()
      } catch {
        return // the process is gone
      }
    }
  }

  #metrics(writer: string): Promise<void> {
    let value = 0
    return this.#repeat(async () => {
      const timeMs = Date.now() + value // one sample a millisecond at most, so that none is a duplicate
      value++
      await this.#post(9090, '/api/v1/write', writeRequest({ writer, round: String(this.#round) }, timeMs, value))
      this.samples.set(writer, { value, timeMs })
    })
  }

  #logs(): Promise<void> {
    return this.#repeat(async () => {
      const line = `round ${this.#round} line ${this.#sequence++}`
      const values = [[String(BigInt(Date.now()) * 1_000_000n), line]]
      const body = JSON.stringify({ streams: [{ stream: { app: 'crash', round: String(this.#round) }, values }] })
      await this.#post(3100, '/loki/api/v1/push', Buffer.from(body), 'application/json')
      this.logLines.push(line)
    })
  }

  #traces(): Promise<void> {
    return this.#repeat(async () => {
      const traceId = randomBytes(16).toString('hex')
      const nowNs = String(BigInt(Date.now()) * 1_000_000n)
      const span = {
        traceId,
        spanId: randomBytes(8).toString('hex'),
        name: 'crash',
        startTimeUnixNano: nowNs,
        endTimeUnixNano: nowNs,
      }
      const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
      await this.#post(4320, '/v1/traces', Buffer.from(body), 'application/json')
      this.traceIds.push(traceId)
    })
  }

  async #post(
    port: number,
    path: string,
    body: Uint8Array<ArrayBuffer>,
    contentType = 'application/x-protobuf',
  ): Promise<void> {
    const encoding: Record<string, string> = path === '/api/v1/write' ? { 'content-encoding': 'snappy' } : {}
    const response = await fetch(`http://${this.#host}:${port}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType, ...encoding },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
  }
}

/** A remote-write request with one sample of `crash_total`. */
export function writeRequest(
  labels: Readonly<Record<string, string>>,
  timeMs: number,
  value: number,
): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  for (const [name, text] of Object.entries({ __name__: 'crash_total', ...labels }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    const label = writer.begin(1)
    writer.string(1, name).string(2, text)
    writer.finish(label)
  }
  const sample = writer.begin(2)
  writer.double(1, value).int64(2, timeMs)
  writer.finish(sample)
  writer.finish(series)
  return new Uint8Array(compressSync(Buffer.from(writer.toBytes())))
}
