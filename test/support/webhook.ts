import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from './quartet.ts'

/** Alertmanager's webhook payload, the parts that tests look at. */
export interface WebhookPayload {
  readonly version: string
  readonly status: 'firing' | 'resolved'
  readonly externalURL: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly generatorURL: string
  }[]
}

/** A webhook on loopback that keeps what it is sent. */
export class Webhook {
  readonly payloads: WebhookPayload[] = []
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      this.payloads.push(JSON.parse(Buffer.concat(chunks).toString()) as WebhookPayload)
      response.end()
    })
  })

  static async listen(host = '127.0.0.1'): Promise<Webhook> {
    const webhook = new Webhook()
    webhook.#server.listen(0, host)
    await once(webhook.#server, 'listening')
    return webhook
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Payloads about alerts of a name, in the order in which they came. */
  about(alertname: string): WebhookPayload[] {
    return this.payloads.filter(({ groupLabels }) => groupLabels['alertname'] === alertname)
  }

  /** The first payload about alerts of a name, once it is there. */
  message(alertname: string): Promise<WebhookPayload> {
    return eventually(`a message about ${alertname}`, async () => {
      const [first] = this.about(alertname)
      assert.ok(first, JSON.stringify(this.payloads))
      return first
    })
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
