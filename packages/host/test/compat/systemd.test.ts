import { silentLogger } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { HostFiles } from '../../src/collectors/host-files.ts'
import { NodeExporter } from '../../src/collectors/node-exporter.ts'
import { COLLECTORS } from '../../src/collectors/registry.ts'
import { CALL, readMessage, REPLY, writeMessage } from '../../src/dbus/dbus-message.ts'
import type { DbusMessage } from '../../src/dbus/dbus-message.ts'
import type { DbusValue } from '../../src/dbus/dbus-wire.ts'
import { valuesOf } from '../support.ts'

const DAEMON = '/usr/bin/dbus-daemon'
const isThere = existsSync(DAEMON)
if (!isThere) console.log(`${DAEMON} is not installed: D-Bus not tried`)

const UNITS = [
  ['nginx.service', 'loaded', 'active', '/unit/nginx'],
  ['backup.service', 'loaded', 'failed', '/unit/backup'],
  ['backup.timer', 'loaded', 'active', '/unit/timer'],
  ['ssh.socket', 'loaded', 'active', '/unit/ssh'],
  ['dev-sda.device', 'loaded', 'active', '/unit/sda'],
  ['gone.service', 'not-found', 'inactive', '/unit/gone'],
].map(([name, load, active, path]) => [name, '', load, active, '', '', path, 0, '', '/'] as DbusValue[])

/** What systemd would answer to `Get`, by path and property. */
const PROPERTIES: Readonly<Record<string, readonly [string, DbusValue]>> = {
  '/org/freedesktop/systemd1 Version': ['s', '252.39-1~deb12u1'],
  '/org/freedesktop/systemd1 SystemState': ['s', 'degraded'],
  '/org/freedesktop/systemd1 Virtualization': ['s', 'kvm'],
  '/unit/nginx Type': ['s', 'forking'],
  '/unit/backup Type': ['s', 'oneshot'],
  '/unit/timer LastTriggerUSec': ['t', 1_700_000_000_500_000n],
  '/unit/ssh NAccepted': ['u', 12],
  '/unit/ssh NConnections': ['u', 2],
  '/unit/ssh NRefused': ['u', 1],
}

/** Stands in for systemd on a real bus, which checks every message of both sides. */
async function serveSystemd(path: string): Promise<() => void> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid!())).toString('hex')}\r\n`)
  await once(socket, 'data')
  socket.write('BEGIN\r\n')
  let serial = 0
  const send = (message: Omit<DbusMessage, 'serial'>): void => {
    socket.write(writeMessage({ ...message, serial: ++serial }))
  }
  const bus = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' }
  const named = new Promise<void>((resolve) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      for (let read = readMessage(rest); read; read = readMessage(rest)) {
        rest = rest.subarray(read.size)
        const { body, fields, serial: replySerial, type } = read.message
        if (type === REPLY && fields.replySerial === 2) resolve()
        if (type !== CALL) continue
        const reply = { replySerial, destination: String(fields.sender) }
        if (fields.member === 'ListUnits') {
          send({ type: REPLY, fields: { ...reply, signature: 'a(ssssssouso)' }, body: [UNITS] })
          continue
        }
        const value = PROPERTIES[`${fields.path} ${String(body[1])}`]
        assert.ok(value, `${fields.path} ${String(body)} was not expected`)
        send({ type: REPLY, fields: { ...reply, signature: 'v' }, body: [value] })
      }
    })
  })
  send({ type: CALL, fields: { ...bus, member: 'Hello' }, body: [] })
  const request = { ...bus, member: 'RequestName', signature: 'su' }
  send({ type: CALL, fields: request, body: ['org.freedesktop.systemd1', 0] })
  await named
  return () => void socket.destroy()
}

async function collect(root: string): Promise<Map<string, number>> {
  const exporter = new NodeExporter({
    files: new HostFiles({ procfs: '/proc', sysfs: '/sys', rootfs: root, udev: '/nonexistent' }),
    collectors: COLLECTORS.filter(({ name }) => name === 'systemd'),
    option: () => undefined,
    logger: silentLogger,
    nowMs: () => 0,
    monotonicMs: () => 0,
  })
  return valuesOf((await exporter.scrape()).families)
}

test('asks systemd over a real bus', { skip: !isThere, timeout: 30_000 }, async () => {
  const directory = await temporaryDirectory()
  const socket = join(directory.path, 'run/dbus/system_bus_socket')
  mkdirSync(join(directory.path, 'run/dbus'), { recursive: true })
  const config = join(directory.path, 'bus.conf')
  const policy =
    '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>'
  writeFileSync(config, `<busconfig><type>session</type><listen>unix:path=${socket}</listen>${policy}</busconfig>`)
  const daemon = spawn(DAEMON, [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    await once(daemon.stdout, 'data')
    const stop = await serveSystemd(socket)
    const found = await collect(directory.path)
    stop()
    assert.equal(found.get('node_scrape_collector_success{collector="systemd"}'), 1)
    const own = Object.fromEntries([...found].filter(([key]) => !key.startsWith('node_scrape_')))
    const states = (name: string, type: string, is: string): Record<string, number> =>
      Object.fromEntries(
        ['active', 'activating', 'deactivating', 'inactive', 'failed'].map((state) => [
          `node_systemd_unit_state{name="${name}",state="${state}",type="${type}"}`,
          state === is ? 1 : 0,
        ]),
      )
    assert.deepEqual(own, {
      'node_systemd_version{version="252.39-1~deb12u1"}': 252,
      'node_systemd_virtualization_info{virtualization_type="kvm"}': 1,
      node_systemd_system_running: 0,
      'node_systemd_units{state="active"}': 4,
      'node_systemd_units{state="activating"}': 0,
      'node_systemd_units{state="deactivating"}': 0,
      'node_systemd_units{state="inactive"}': 0,
      'node_systemd_units{state="failed"}': 1,
      ...states('nginx.service', 'forking', 'active'),
      ...states('backup.service', 'oneshot', 'failed'),
      ...states('backup.timer', '', 'active'),
      ...states('ssh.socket', '', 'active'),
      'node_systemd_timer_last_trigger_seconds{name="backup.timer"}': 1_700_000_000.5,
      'node_systemd_socket_accepted_connections_total{name="ssh.socket"}': 12,
      'node_systemd_socket_current_connections{name="ssh.socket"}': 2,
      'node_systemd_socket_refused_connections_total{name="ssh.socket"}': 1,
    })
  } finally {
    daemon.kill('SIGKILL')
    await directory.remove()
  }
})

test('tells success 0 where there is no bus', async () => {
  const found = await collect('/nonexistent')
  assert.deepEqual(
    [...found],
    [
      ['node_scrape_collector_duration_seconds{collector="systemd"}', 0],
      ['node_scrape_collector_success{collector="systemd"}', 0],
    ],
  )
})
