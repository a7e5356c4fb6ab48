import { arp } from './arp.ts'
import { bonding } from './bonding.ts'
import { btrfs } from './btrfs.ts'
import { buddyinfo } from './buddyinfo.ts'
import { cgroups } from './cgroups.ts'
import type { Collector } from './collector.ts'
import { conntrack } from './conntrack.ts'
import { cpu } from './cpu.ts'
import { cpuVulnerabilities } from './cpu-vulnerabilities.ts'
import { cpufreq } from './cpufreq.ts'
import { diskstats } from './diskstats.ts'
import { dmi } from './dmi.ts'
import { edac } from './edac.ts'
import { entropy } from './entropy.ts'
import { filefd } from './filefd.ts'
import { filesystem } from './filesystem.ts'
import { hwmon } from './hwmon.ts'
import { interrupts } from './interrupts.ts'
import { ipvs } from './ipvs.ts'
import { kernelHung } from './kernel-hung.ts'
import { ksmd } from './ksmd.ts'
import { loadavg } from './loadavg.ts'
import { mdadm } from './mdadm.ts'
import { meminfo } from './meminfo.ts'
import { netclass } from './netclass.ts'
import { netdev } from './netdev.ts'
import { netstat } from './netstat.ts'
import { nfs, nfsd } from './nfs.ts'
import { nvme } from './nvme.ts'
import { os } from './os.ts'
import { powersupplyclass } from './powersupplyclass.ts'
import { pressure } from './pressure.ts'
import { processes } from './processes.ts'
import { rapl } from './rapl.ts'
import { schedstat } from './schedstat.ts'
import { selinux } from './selinux.ts'
import { slabinfo } from './slabinfo.ts'
import { sockstat } from './sockstat.ts'
import { softirqs } from './softirqs.ts'
import { softnet } from './softnet.ts'
import { stat } from './stat.ts'
import { systemd } from './systemd.ts'
import { tcpstat } from './tcpstat.ts'
import { textfile } from './textfile.ts'
import { thermalZone } from './thermal-zone.ts'
import { time } from './time.ts'
import { timex } from './timex.ts'
import { udpQueues } from './udp-queues.ts'
import { uname } from './uname.ts'
import { vmstat } from './vmstat.ts'
import { watchdog } from './watchdog.ts'
import { xfrm } from './xfrm.ts'
import { xfs } from './xfs.ts'
import { zfs } from './zfs.ts'

/** Every collector there is; a new one is its file, its test and a line here. */
export const COLLECTORS: readonly Collector[] = [
  arp,
  bonding,
  btrfs,
  buddyinfo,
  cgroups,
  conntrack,
  cpu,
  cpufreq,
  cpuVulnerabilities,
  diskstats,
  dmi,
  edac,
  entropy,
  filefd,
  filesystem,
  hwmon,
  interrupts,
  ipvs,
  kernelHung,
  ksmd,
  loadavg,
  mdadm,
  meminfo,
  netclass,
  netdev,
  netstat,
  nfs,
  nfsd,
  nvme,
  os,
  powersupplyclass,
  pressure,
  processes,
  rapl,
  schedstat,
  selinux,
  slabinfo,
  sockstat,
  softirqs,
  softnet,
  stat,
  systemd,
  tcpstat,
  textfile,
  thermalZone,
  time,
  timex,
  udpQueues,
  uname,
  vmstat,
  watchdog,
  xfrm,
  xfs,
  zfs,
]
