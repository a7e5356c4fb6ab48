import type { DbusClient } from '../dbus/dbus-client.ts'
import type { Collector, CollectorContext } from './collector.ts'
import { NoDataError } from './host-files.ts'

const STATES = ['active', 'activating', 'deactivating', 'inactive', 'failed']
const EXCLUDED = /^(?:.+\.(automount|device|mount|scope|slice))$/
const TIMEOUT_MS = 5000
const SYSTEMD = 'org.freedesktop.systemd1'
const MANAGER = { path: '/org/freedesktop/systemd1', interface: `${SYSTEMD}.Manager` }

interface Unit {
  readonly name: string
  readonly activeState: string
  readonly path: string
}

/** Asks systemd over D-Bus, as upstream does; the socket of the bus has to be there, inside of a container too. */
export const systemd: Collector = {
  name: 'systemd',
  isOnByDefault: false,
  async collect(context) {
    const { files, page } = context
    const { DbusClient } = await import('../dbus/dbus-client.ts')
    const socket = files.root('run/dbus/system_bus_socket')
    const client = await DbusClient.open(socket, AbortSignal.timeout(TIMEOUT_MS)).catch((cause: unknown) => {
      throw new NoDataError(cause instanceof Error ? cause.message : String(cause), { cause })
    })
    try {
      const manager = (name: string): Promise<string> => property(client, MANAGER, name).then(String)
      const [version, state, virtualization] = await Promise.all([
        manager('Version'),
        manager('SystemState'),
        manager('Virtualization').catch(() => ''), // of no metric's worth when it is not told
      ])
      const major = /\d+/.exec(version)?.[0] ?? '0'
      page.gauge('node_systemd_version', 'Detected systemd version', Number(major), { version })
      page.gauge('node_systemd_virtualization_info', 'Detected virtualization technology', 1, {
        virtualization_type: virtualization === '' ? 'none' : virtualization,
      })
      const help = "Whether the system is operational (see 'systemctl is-system-running')"
      page.gauge('node_systemd_system_running', help, state === 'running' ? 1 : 0)
      await addUnits(context, client, await loadedUnits(client))
    } finally {
      client.close()
    }
  },
}

async function loadedUnits(client: DbusClient): Promise<Unit[]> {
  const [units] = await client.call({ destination: SYSTEMD, ...MANAGER, member: 'ListUnits' })
  return (units as readonly (readonly string[])[])
    .filter(([, , loadState]) => loadState === 'loaded')
    .map(([name = '', , , activeState = '', , , path = '']) => ({ name, activeState, path }))
}

async function addUnits(
  { page, pattern }: CollectorContext,
  client: DbusClient,
  units: readonly Unit[],
): Promise<void> {
  for (const state of STATES) {
    const count = units.filter(({ activeState }) => activeState === state).length
    page.gauge('node_systemd_units', 'Summary of systemd unit states', count, { state })
  }
  const [wanted, unwanted] = [pattern('systemd.unit-include'), pattern('systemd.unit-exclude') ?? EXCLUDED]
  const chosen = units.filter(({ name }) => (!wanted || wanted.test(name)) && !unwanted.test(name))
  const ask = (unit: Unit, kind: string, name: string): Promise<unknown> =>
    property(client, { path: unit.path, interface: `${SYSTEMD}.${kind}` }, name)
  const add = async (unit: Unit): Promise<void> => {
    const { activeState, name } = unit
    const type = name.endsWith('.service') ? String(await ask(unit, 'Service', 'Type')) : ''
    for (const state of STATES) {
      page.gauge('node_systemd_unit_state', 'Systemd unit', state === activeState ? 1 : 0, { name, state, type })
    }
    if (name.endsWith('.timer')) {
      const seconds = Number(await ask(unit, 'Timer', 'LastTriggerUSec')) / 1e6
      const help = 'Seconds since epoch of last trigger.'
      page.gauge('node_systemd_timer_last_trigger_seconds', help, seconds, { name })
    }
    if (!name.endsWith('.socket')) return
    const count = async (of: string): Promise<number> => Number(await ask(unit, 'Socket', of))
    const accepted = 'Total number of accepted socket connections'
    page.counter('node_systemd_socket_accepted_connections_total', accepted, await count('NAccepted'), { name })
    const current = 'Current number of socket connections'
    page.gauge('node_systemd_socket_current_connections', current, await count('NConnections'), { name })
    const refused = 'Total number of refused socket connections'
    page.gauge('node_systemd_socket_refused_connections_total', refused, await count('NRefused'), { name })
  }
  await Promise.all(chosen.map(add))
}

async function property(client: DbusClient, at: { path: string; interface: string }, name: string): Promise<unknown> {
  const call = { destination: SYSTEMD, path: at.path, interface: 'org.freedesktop.DBus.Properties', member: 'Get' }
  const [value] = await client.call({ ...call, signature: 'ss', body: [at.interface, name] })
  return value
}
