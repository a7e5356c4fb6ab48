/**
 * Reads `:9090`, `9090`, `0.0.0.0:9090`, `localhost:9090` or `[::1]:9090`.
 * @param defaultHost used when the text names only a port
 * @throws Error that says what is wrong with the text
 */
export function parseListenAddress(text: string, defaultHost: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]:|([^:[\]]*):)?(\d{1,5})$/.exec(text.trim())
  const port = match ? Number(match[3]) : Number.NaN
  if (!match || port > 65_535) {
    throw new Error(`"${text}" is not a listen address (expected host:port, :port or port)`)
  }
  return { host: match[1] || match[2] || defaultHost, port }
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The listener's address cannot be had. The message names the flag that changes it. */
export class PortTakenError extends Error {
  readonly host: string
  readonly port: number
  readonly flag: string
  constructor(options: { name: string; host: string; port: number; flag: string; cause: unknown }) {
    const { name, host, port, flag, cause } = options
    super(`${name}: ${reasonOf(cause, formatHostPort(host, port))}; --${flag} chooses another address`, { cause })
    this.name = 'PortTakenError'
    this.host = host
    this.port = port
    this.flag = flag
  }
}

/** Wraps what `listen` rejects with when the address is the problem; other errors come back unchanged. */
export function explainListenError(
  error: unknown,
  listener: { name: string; host: string; port: number; portFlag: string },
): unknown {
  if (!LISTEN_ERRORS.test(codeOf(error))) return error
  const { name, host, port, portFlag } = listener
  return new PortTakenError({ name, host, port, flag: portFlag.replace(/^-+/, ''), cause: error })
}

const LISTEN_ERRORS = /EADDRINUSE|EACCES|EADDRNOTAVAIL/

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function reasonOf(cause: unknown, address: string): string {
  const code = codeOf(cause)
  if (code.includes('EACCES')) return `no permission to listen on ${address}`
  if (code.includes('EADDRNOTAVAIL')) return `this machine has no address to listen on ${address}`
  return `${address} is already in use by another program`
}
