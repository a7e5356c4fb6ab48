import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { CALL, ERROR, readMessage, REPLY, writeMessage } from './dbus-message.ts'
import type { DbusMessage } from './dbus-message.ts'
import type { DbusValue } from './dbus-wire.ts'

export interface DbusCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly DbusValue[]
}

const BUS = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' }

/** Calls methods over one connection to a bus; it is opened for one scrape and closed after it. */
export class DbusClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (outcome: DbusMessage | Error) => void>()
  #rest: Buffer = Buffer.alloc(0)
  #serial = 0
  #failure: Error | undefined

  /** @throws Error when nobody listens at the socket, or refuses this user */
  static async open(socketPath: string, signal: AbortSignal): Promise<DbusClient> {
    const socket = connect(socketPath)
    try {
      await once(socket, 'connect', { signal })
      const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
      socket.write(`\0AUTH EXTERNAL ${user}\r\n`)
      const [answer] = (await once(socket, 'data', { signal })) as [Buffer]
      if (!answer.toString().startsWith('OK')) throw new Error(`refused: ${answer.toString().trim()}`)
      socket.write('BEGIN\r\n')
    } catch (cause) {
      socket.destroy()
      throw new Error(`cannot talk to the bus at ${socketPath}: ${String(cause)}`, { cause })
    }
    const client = new DbusClient(socket, signal)
    await client.call({ ...BUS, member: 'Hello' })
    return client
  }

  private constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the bus closed the connection')))
    signal.addEventListener('abort', () => this.#fail(new Error('the bus does not answer in time')), { once: true })
  }

  /** @returns the values of the reply @throws Error with the bus's words when it answers with an error */
  async call({ body = [], signature, ...fields }: DbusCall): Promise<readonly DbusValue[]> {
    if (this.#failure) throw this.#failure
    const serial = ++this.#serial
    const outcome = await new Promise<DbusMessage | Error>((resolve) => {
      this.#waiting.set(serial, resolve)
      const given = signature === undefined ? fields : { ...fields, signature }
      this.#socket.write(writeMessage({ type: CALL, serial, fields: given, body }))
    })
    if (outcome instanceof Error) throw outcome
    if (outcome.type === ERROR) throw new Error(`${String(outcome.fields.errorName)}: ${String(outcome.body[0] ?? '')}`)
    return outcome.body
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    try {
      for (let read = readMessage(this.#rest); read; read = readMessage(this.#rest)) {
        this.#rest = this.#rest.subarray(read.size)
        const { fields, type } = read.message
        if (type !== REPLY && type !== ERROR) continue // signals are not for us
        const serial = Number(fields.replySerial)
        this.#waiting.get(serial)?.(read.message)
        this.#waiting.delete(serial)
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const resolve of this.#waiting.values()) resolve(error)
    this.#waiting.clear()
    this.#socket.destroy()
  }
}
