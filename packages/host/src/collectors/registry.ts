import { arp } from './arp.ts'
import type { Collector } from './collector.ts'
import { conntrack } from './conntrack.ts'
import { cpu } from './cpu.ts'
import { cpufreq } from './cpufreq.ts'
import { diskstats } from './diskstats.ts'
import { dmi } from './dmi.ts'
import { edac } from './edac.ts'
import { entropy } from './entropy.ts'
import { filefd } from './filefd.ts'
import { filesystem } from './filesystem.ts'
import { hwmon } from './hwmon.ts'
import { loadavg } from './loadavg.ts'
import { mdadm } from './mdadm.ts'
import { meminfo } from './meminfo.ts'
import { netclass } from './netclass.ts'
import { netdev } from './netdev.ts'
import { netstat } from './netstat.ts'
import { nvme } from './nvme.ts'
import { os } from './os.ts'
import { pressure } from './pressure.ts'
import { schedstat } from './schedstat.ts'
import { sockstat } from './sockstat.ts'
import { softnet } from './softnet.ts'
import { stat } from './stat.ts'
import { textfile } from './textfile.ts'
import { thermalZone } from './thermal-zone.ts'
import { time } from './time.ts'
import { timex } from './timex.ts'
import { udpQueues } from './udp-queues.ts'
import { uname } from './uname.ts'
import { vmstat } from './vmstat.ts'
import { zfs } from './zfs.ts'

/** Every collector there is; a new one is its file, its test and a line here. */
export const COLLECTORS: readonly Collector[] = [
  arp,
  conntrack,
  cpu,
  cpufreq,
  diskstats,
  dmi,
  edac,
  entropy,
  filefd,
  filesystem,
  hwmon,
  loadavg,
  mdadm,
  meminfo,
  netclass,
  netdev,
  netstat,
  nvme,
  os,
  pressure,
  schedstat,
  sockstat,
  softnet,
  stat,
  textfile,
  thermalZone,
  time,
  timex,
  udpQueues,
  uname,
  vmstat,
  zfs,
]
