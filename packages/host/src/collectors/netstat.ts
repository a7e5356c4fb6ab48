import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

const WANTED =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/

export const netstat: Collector = {
  name: 'netstat',
  isOnByDefault: true,
  collect({ files, page, pattern }) {
    const wanted = pattern('netstat.fields') ?? WANTED
    const add = (protocol: string, name: string, value: string): void => {
      if (!wanted.test(`${protocol}_${name}`)) return
      page.untyped(`node_netstat_${protocol}_${name}`, `Statistic ${protocol}${name}.`, Number(value))
    }
    for (const path of ['net/netstat', 'net/snmp']) {
      const lines = files.lines(files.proc(path))
      // A line of names, then one of values, each beginning with the protocol.
      for (let index = 0; index + 1 < lines.length; index += 2) {
        const [protocol = '', ...names] = fields(lines[index]!)
        const [, ...values] = fields(lines[index + 1]!)
        for (const [column, name] of names.entries()) add(protocol.slice(0, -1), name, values[column]!)
      }
    }
    for (const line of (files.optionalText(files.proc('net/snmp6')) ?? '').split('\n')) {
      const [name = '', value = ''] = fields(line)
      const six = name.indexOf('6')
      if (six > 0) add(name.slice(0, six + 1), name.slice(six + 1), value)
    }
  },
}
