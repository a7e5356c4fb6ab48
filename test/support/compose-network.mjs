import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/**
 * Loaded first in every process that stands for a container (`--import`): an address of its own and the names of its networks,
 * without a network of its own. `COMPOSE_NETWORK` is `{ "self": "127.100.1.2", "names": { "loki": "127.100.1.3" } }`.
 *
 * - 0.0.0.0 is listened on as `self`, so that every container has all ports for itself.
 * - 127.0.0.1 and localhost lead to `self`, as a container's loopback leads to no other container.
 * - A name leads to its address; other names are not found, as in a network that leads nowhere.
 */
const { self, names } = JSON.parse(process.env['COMPOSE_NETWORK'] ?? '{}')

/** @param {string | undefined} host */
function addressOf(host) {
  if (host === undefined || ['0.0.0.0', '::', '127.0.0.1', '::1', 'localhost', ''].includes(host)) return self
  return names[host] ?? (net.isIP(host) ? host : undefined)
}

/** @param {string} host */
function notFound(host) {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: host,
  })
}

dns.lookup = /** @type {typeof dns.lookup} */ (
  /** @param {any[]} args */ (...args) => {
    const [host, options, callback = options] = args
    const address = addressOf(host)
    if (address === undefined) return process.nextTick(callback, notFound(host))
    if (options?.all) return process.nextTick(callback, null, [{ address, family: 4 }])
    return process.nextTick(callback, null, address, 4)
  }
)
dns.promises.lookup = /** @type {typeof dns.promises.lookup} */ (
  /** @type {unknown} */ (
    async (/** @type {string} */ host, /** @type {{ all?: boolean }} */ options) => {
      const address = addressOf(host)
      if (address === undefined) throw notFound(host)
      return options?.all ? [{ address, family: 4 }] : { address, family: 4 }
    }
  )
)
syncBuiltinESMExports()

const { listen } = net.Server.prototype
net.Server.prototype.listen = /** @type {typeof listen} */ (
  /** @this {net.Server} @param {any[]} args */ function (...args) {
    // Node's own callers pass an array of the arguments.
    const list = Array.isArray(args[0]) ? args[0] : args
    if (typeof list[0] === 'object' && list[0]?.port !== undefined)
      list[0] = { ...list[0], host: addressOf(list[0].host) }
    else if (typeof list[0] === 'number' && typeof list[1] === 'string') list[1] = addressOf(list[1])
    return listen.apply(this, /** @type {any} */ (args))
  }
)

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = /** @type {typeof connect} */ (
  /** @this {net.Socket} @param {any[]} args */ function (...args) {
    const list = Array.isArray(args[0]) ? args[0] : args
    // An address is not looked up, so it is put right here.
    if (typeof list[0] === 'object' && list[0]?.port !== undefined && net.isIP(list[0].host ?? '127.0.0.1')) {
      list[0].host = addressOf(list[0].host)
    }
    return connect.apply(this, /** @type {any} */ (args))
  }
)
