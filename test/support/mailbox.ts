import { simpleParser } from 'mailparser'
import type { ParsedMail } from 'mailparser'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail server on loopback that takes everything and keeps it. */
export class Mailbox {
  readonly mails: ParsedMail[] = []
  readonly #server: SMTPServer

  constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, _session, done) => {
        simpleParser(stream, (error: Error | null, mail) => {
          if (error === null) this.mails.push(mail)
          done(error)
        })
      },
    })
  }

  /** @returns the port */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server.server, 'listening')
    return (this.#server.server.address() as AddressInfo).port
  }

  /** Mails with all of these words in their subject. */
  about(...words: readonly string[]): ParsedMail[] {
    return this.mails.filter(({ subject }) => words.every((word) => subject?.includes(word)))
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve))
  }
}
