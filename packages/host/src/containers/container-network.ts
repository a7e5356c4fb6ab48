import type { HostFiles } from '../collectors/host-files.ts'
import { fields } from '../collectors/host-files.ts'

export interface NetworkInterface {
  readonly name: string
  readonly rx_bytes: number
  readonly rx_packets: number
  readonly rx_errors: number
  readonly rx_dropped: number
  readonly tx_bytes: number
  readonly tx_packets: number
  readonly tx_errors: number
  readonly tx_dropped: number
}

/** Upstream leaves these out, too. */
const IGNORED = /^(lo|veth|docker|br-|cali)/

/** Interfaces as a process sees them; those of the machine when no process is given. */
export function readInterfaces(files: HostFiles, pid: string | undefined): NetworkInterface[] {
  const text = files.optionalText(files.proc(pid ?? '1', 'net/dev')) ?? ''
  return text
    .split('\n')
    .slice(2)
    .flatMap((line): NetworkInterface[] => {
      const colon = line.lastIndexOf(':')
      const name = line.slice(0, colon).trim()
      if (colon < 0 || IGNORED.test(name)) return []
      const values = fields(line.slice(colon + 1)).map(Number)
      const at = (column: number): number => values[column] ?? 0
      return [
        {
          name,
          rx_bytes: at(0),
          rx_packets: at(1),
          rx_errors: at(2),
          rx_dropped: at(3),
          tx_bytes: at(8),
          tx_packets: at(9),
          tx_errors: at(10),
          tx_dropped: at(11),
        },
      ]
    })
}
