import type SmtpConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionCustomAuthContext } from 'nodemailer/lib/smtp-connection'
import type { ConnectionOptions } from 'node:tls'
import { NotifyError } from '../notify-error.ts'

export interface SmtpServer {
  readonly host: string
  readonly port: number
  readonly hello: string
  /** TLS from the first byte; else STARTTLS when it is required, else none, as upstream has it. */
  readonly isImplicitTls: boolean
  readonly requireTls: boolean
  readonly tls: ConnectionOptions
}

/** Empty ones are not there. */
export interface Credentials {
  readonly username: string
  readonly password: string
  readonly secret: string
  readonly identity: string
}

export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

const CONNECT_TIMEOUT_MS = 30_000
const IDLE_TIMEOUT_MS = 60_000

interface SmtpError extends Error {
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/**
 * Delivers one mail over one connection and says goodbye.
 * @returns the addresses that the server refused while it took others
 * @throws NotifyError with upstream's text
 */
export async function sendMail(
  server: SmtpServer,
  mail: { envelope: Envelope; message: Buffer; credentials: () => Promise<Credentials>; signal: AbortSignal },
): Promise<readonly string[]> {
  const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection')
  const { signal } = mail
  if (signal.aborted) throw stopped(signal)
  let plain: Credentials | undefined
  const connection = new SMTPConnection({
    host: server.host,
    port: server.port,
    name: server.hello,
    secure: server.isImplicitTls,
    requireTLS: server.requireTls && !server.isImplicitTls,
    ignoreTLS: !server.requireTls,
    tls: server.tls,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: IDLE_TIMEOUT_MS,
    // nodemailer's own PLAIN knows no authorization identity.
    customAuth: { PLAIN: (context) => authPlain(context, plain!) },
  })
  // An error belongs to whatever is being waited for; later ones have nobody to tell.
  const session = new Session(connection)
  const abort = (): void => session.fail(stopped(signal))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await session.step((done) => connection.connect(done)).catch((error: unknown) => refuseConnect(server, error))
    const method = await chooseMechanism(connection, server, mail.credentials)
    if (method) {
      plain = method.credentials
      const { name, pass } = method
      await session
        .step((done) => connection.login({ user: method.credentials.username, pass, method: name }, done))
        .catch((error: unknown) => fail(`${GO_NAMES[name]} auth`, error))
    }
    const { from, to } = mail.envelope
    const rejected = await session
      .step<{ rejected: string[] }>((done) => connection.send({ from, to: [...to] }, mail.message, done))
      .catch((error: unknown) => fail(stepOf(error), error))
    // The answer to it is not waited for: the mail is delivered.
    connection.quit()
    return rejected?.rejected ?? []
  } finally {
    signal.removeEventListener('abort', abort)
    session.end()
  }
}

/** Turns callbacks and `error` events of a connection into one promise at a time. */
class Session {
  readonly #connection: SmtpConnection
  #reject: ((error: Error) => void) | undefined
  #failure: Error | undefined

  constructor(connection: SmtpConnection) {
    this.#connection = connection
    connection.on('error', (error: Error) => this.fail(error))
    connection.on('end', () => this.fail(new Error('EOF')))
  }

  step<T = unknown>(begin: (done: (error?: SmtpError | null, value?: T) => void) => void): Promise<T | undefined> {
    return new Promise<T | undefined>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      this.#reject = reject
      begin((error, value) => (error ? reject(error) : resolve(value)))
    })
  }

  fail(error: Error): void {
    this.#failure ??= error
    this.#reject?.(error)
    if (error instanceof NotifyError) this.#connection.close()
  }

  end(): void {
    this.#reject = undefined
    this.#connection.close()
  }
}

type Mechanism = 'CRAM-MD5' | 'PLAIN' | 'LOGIN'
/** Upstream's texts name its types. */
const GO_NAMES: Readonly<Record<Mechanism, string>> = {
  'CRAM-MD5': '*smtp.cramMD5Auth',
  PLAIN: '*smtp.plainAuth',
  LOGIN: '*email.loginAuth',
}

/** The first mechanism in the server's order for which there are credentials; without a user name none. */
async function chooseMechanism(
  connection: SmtpConnection,
  { host }: SmtpServer,
  credentials: () => Promise<Credentials>,
): Promise<{ name: Mechanism; pass: string; credentials: Credentials } | undefined> {
  const offered = mechanismsOf(String(connection.lastServerResponse || ''))
  if (offered.length === 0) return undefined
  const known = await credentials()
  if (known.username === '') return undefined
  const problems: string[] = []
  for (const name of offered) {
    const pass = name === 'CRAM-MD5' ? known.secret : known.password
    if (name !== 'CRAM-MD5' && name !== 'PLAIN' && name !== 'LOGIN') problems.push(`unknown auth mechanism: ${name}`)
    else if (pass === '')
      problems.push(`missing ${name === 'CRAM-MD5' ? 'secret' : 'password'} for ${name} auth mechanism`)
    else if (name === 'PLAIN' && !connection.secure && !LOCAL.has(host)) {
      // Go's client does not send a password in the clear to another machine.
      throw new NotifyError(`${GO_NAMES.PLAIN} auth: unencrypted connection`, { canRetry: true })
    } else return { name, pass, credentials: known }
  }
  throw new NotifyError(`find auth mechanism: ${problems.join('\n')}`, { canRetry: true })
}

const LOCAL = new Set(['localhost', '127.0.0.1', '::1'])

function mechanismsOf(ehlo: string): readonly string[] {
  const line = ehlo.split(/\r?\n/).find((text) => /^250[- ]AUTH[ =]/i.test(text))
  return line === undefined ? [] : line.slice(9).trim().toUpperCase().split(/\s+/).filter(Boolean)
}

async function authPlain(context: SMTPConnectionCustomAuthContext, known: Credentials): Promise<void> {
  const token = Buffer.from(`${known.identity}\0${known.username}\0${known.password}`).toString('base64')
  const { response, status } = await context.sendCommand(`AUTH PLAIN ${token}`)
  if (status === 235) context.resolve()
  else context.reject(new Error(response))
}

function refuseConnect({ host, isImplicitTls, port, requireTls }: SmtpServer, error: unknown): never {
  if (error instanceof NotifyError) throw error
  const { command, responseCode = 0 } = error as SmtpError
  const where = JSON.stringify(`${host}:${port}`)
  if (command === 'STARTTLS' && requireTls && responseCode >= 500) {
    const message = `'require_tls' is true (default) but ${where} does not advertise the STARTTLS extension`
    throw new NotifyError(message, { canRetry: true, cause: error })
  }
  const isTls = /certificate|TLS|SSL|altnames/i.test((error as Error).message)
  if (isTls && isImplicitTls) return fail(`establish TLS connection to server ${host}:${port}`, error)
  if (isTls || command === 'STARTTLS') return fail('send STARTTLS command', error)
  if (command === 'EHLO' || command === 'HELO') return fail('send EHLO command', error)
  return fail(`establish connection to server ${host}:${port}`, error)
}

function stepOf(error: unknown): string {
  switch ((error as SmtpError).command) {
    case 'MAIL FROM':
      return 'send MAIL command'
    case 'RCPT TO':
      return 'send RCPT command'
    default:
      return 'delivery failure'
  }
}

function fail(step: string, error: unknown): never {
  if (error instanceof NotifyError) throw error
  const { message, response, responseCode } = error as SmtpError
  const reason = responseCode === undefined ? 'other' : responseCode >= 500 ? 'clientError' : 'serverError'
  // Upstream tries again whatever the answer was, until the group's time is up.
  throw new NotifyError(`${step}: ${response ?? message}`, { canRetry: true, reason, cause: error })
}

function stopped(signal: AbortSignal): NotifyError {
  const why = String((signal.reason as Error | undefined)?.message ?? 'context canceled')
  const reason = why.includes('deadline') ? 'contextDeadlineExceeded' : 'contextCanceled'
  return new NotifyError(`SMTP server did not answer in time: ${why}`, { canRetry: true, reason })
}
