import type { Collector, CollectorContext } from './collector.ts'
import { fields } from './host-files.ts'

const TOTALS = [
  ['connections', 'The total number of connections made.'],
  ['incoming_packets', 'The total number of incoming packets.'],
  ['outgoing_packets', 'The total number of outgoing packets.'],
  ['incoming_bytes', 'The total amount of incoming data.'],
  ['outgoing_bytes', 'The total amount of outgoing data.'],
] as const
const LABELS = ['local_address', 'local_port', 'remote_address', 'remote_port', 'proto', 'local_mark'] as const
type Label = (typeof LABELS)[number]

export const ipvs: Collector = {
  name: 'ipvs',
  isOnByDefault: true,
  collect(context) {
    const { files, option, page } = context
    // Two lines of heads, then the totals in hexadecimal.
    const totals = fields(files.lines(files.proc('net/ip_vs_stats'))[2] ?? '')
    for (const [column, [name, help]] of TOTALS.entries()) {
      page.counter(`node_ipvs_${name}_total`, help, Number.parseInt(totals[column] ?? '0', 16))
    }
    const chosen = option('ipvs.backend-labels')?.split(',')
    addBackends(
      context,
      LABELS.filter((label) => !chosen || chosen.includes(label)),
    )
  },
}

/** Backends that agree in the chosen labels are summed up. */
function addBackends({ files, page }: CollectorContext, chosen: readonly Label[]): void {
  const sums = new Map<string, { labels: Record<string, string>; active: number; inactive: number; weight: number }>()
  let virtual: Record<Label, string> | undefined
  for (const line of files.lines(files.proc('net/ip_vs')).slice(3)) {
    const [first = '', address = '', , weight = '', active = '', inactive = ''] = fields(line)
    if (first !== '->') {
      virtual = virtualOf(first, address)
      continue
    }
    if (!virtual) continue
    const [remote_address, remote_port] = endpoint(address)
    const all = { ...virtual, remote_address, remote_port }
    const labels = Object.fromEntries(chosen.map((label) => [label, all[label]]))
    const key = JSON.stringify(labels)
    const sum = sums.get(key) ?? { labels, active: 0, inactive: 0, weight: 0 }
    sums.set(key, sum)
    sum.active += Number(active)
    sum.inactive += Number(inactive)
    sum.weight += Number(weight)
  }
  const help = 'by local and remote address.'
  for (const { active, inactive, labels, weight } of sums.values()) {
    page.gauge('node_ipvs_backend_connections_active', `The current active connections ${help}`, active, labels)
    page.gauge('node_ipvs_backend_connections_inactive', `The current inactive connections ${help}`, inactive, labels)
    page.gauge('node_ipvs_backend_weight', `The current backend weight ${help}`, weight, labels)
  }
}

function virtualOf(proto: string, address: string): Record<Label, string> {
  const none = { local_address: '', local_port: '0', remote_address: '', remote_port: '', local_mark: '', proto }
  if (proto === 'FWM') return { ...none, local_mark: address }
  const [local_address, local_port] = endpoint(address)
  return { ...none, local_address, local_port }
}

/** `C0A80016:0CEA` and `[2620:0000:…:0CEA]:0050` */
function endpoint(text: string): [address: string, port: string] {
  const colon = text.lastIndexOf(':')
  const [host, port] = [text.slice(0, colon), Number.parseInt(text.slice(colon + 1), 16)]
  if (host.startsWith('[')) return [new URL(`http://${host}/`).hostname.slice(1, -1), String(port)]
  return [(host.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.'), String(port)]
}
