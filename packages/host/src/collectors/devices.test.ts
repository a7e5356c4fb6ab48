import { silentLogger } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { valuesOf, writeTree } from '../../test/support.ts'
import { HostFiles } from './host-files.ts'
import { NodeExporter } from './node-exporter.ts'
import { COLLECTORS } from './registry.ts'

const BTRFS = '7f07c59f-6136-449c-ab87-e1cf2328731b'
const NET = 'sys/class/net'

/** Input like upstream's fixtures, whose /sys the corpus lacks, and what its expected output says of it. */
const CASES: Readonly<Record<string, { files: Record<string, string>; expected: Record<string, number> }>> = {
  bonding: {
    files: {
      [`${NET}/bonding_masters`]: 'bond0 dmz int\n',
      [`${NET}/bond0/bonding/slaves`]: '\n',
      [`${NET}/dmz/bonding/slaves`]: 'eth0 eth4\n',
      [`${NET}/dmz/slave_eth0/bonding_slave/mii_status`]: 'up\n',
      [`${NET}/dmz/lower_eth4/bonding_slave/mii_status`]: 'up\n',
      [`${NET}/int/bonding/slaves`]: 'eth5 eth1\n',
      [`${NET}/int/slave_eth5/bonding_slave/mii_status`]: 'down\n',
      [`${NET}/int/slave_eth1/bonding_slave/mii_status`]: 'up\n',
    },
    expected: {
      'node_bonding_slaves{master="bond0"}': 0,
      'node_bonding_slaves{master="int"}': 2,
      'node_bonding_active{master="dmz"}': 2,
      'node_bonding_active{master="int"}': 1,
    },
  },
  btrfs: {
    files: {
      [`sys/fs/btrfs/features/raid56`]: '0\n',
      [`sys/fs/btrfs/${BTRFS}/label`]: '\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/global_rsv_size`]: '16777216\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/data/bytes_reserved`]: '0\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/data/raid5/total_bytes`]: '644087808\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/data/raid5/used_bytes`]: '0\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/metadata/bytes_reserved`]: '0\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/metadata/raid6/total_bytes`]: '429391872\n',
      [`sys/fs/btrfs/${BTRFS}/allocation/metadata/raid6/used_bytes`]: '114688\n',
      ...Object.fromEntries(
        [22, 23, 24, 25].map((number) => [`sys/fs/btrfs/${BTRFS}/devices/loop${number}/size`, '20971520\n']),
      ),
      [`sys/fs/btrfs/${BTRFS}/commit_stats`]:
        'commits 258051\nlast_commit_ms 1000\nmax_commit_ms 51462\ntotal_commit_ms 47836090\n',
    },
    expected: {
      [`node_btrfs_info{label="",uuid="${BTRFS}"}`]: 1,
      [`node_btrfs_allocation_ratio{block_group_type="data",mode="raid5",uuid="${BTRFS}"}`]: 4 / 3,
      [`node_btrfs_allocation_ratio{block_group_type="metadata",mode="raid6",uuid="${BTRFS}"}`]: 2,
      [`node_btrfs_used_bytes{block_group_type="metadata",mode="raid6",uuid="${BTRFS}"}`]: 114688,
      [`node_btrfs_device_size_bytes{device="loop22",uuid="${BTRFS}"}`]: 1.073741824e10,
      [`node_btrfs_commit_seconds_total{uuid="${BTRFS}"}`]: 47836.09,
      [`node_btrfs_max_commit_seconds{uuid="${BTRFS}"}`]: 51.462,
    },
  },
  cpu_vulnerabilities: {
    files: {
      'sys/devices/system/cpu/vulnerabilities/mds': 'Vulnerable: Clear CPU buffers attempted, no microcode\n',
      'sys/devices/system/cpu/vulnerabilities/itlb_multihit': 'Not affected\n',
      'sys/devices/system/cpu/vulnerabilities/spectre_v1': 'Mitigation: usercopy/swapgs barriers\n',
    },
    expected: {
      'node_cpu_vulnerabilities_info{codename="mds",mitigation="",state="vulnerable"}': 1,
      'node_cpu_vulnerabilities_info{codename="itlb_multihit",mitigation="",state="not affected"}': 1,
      'node_cpu_vulnerabilities_info{codename="spectre_v1",mitigation="usercopy/swapgs barriers",state="mitigation"}': 1,
    },
  },
  kernel_hung: {
    files: { 'proc/sys/kernel/hung_task_detect_count': '2\n' },
    expected: { node_kernel_hung_task_detect_count: 2 },
  },
  ksmd: {
    files: Object.fromEntries(
      'full_scans merge_across_nodes pages_shared pages_sharing pages_to_scan pages_unshared pages_volatile run sleep_millisecs'
        .split(' ')
        .map((name, index) => [`sys/kernel/mm/ksm/${name}`, `${(index + 1) * 20}\n`]),
    ),
    expected: { node_ksmd_full_scans_total: 20, node_ksmd_run: 160, node_ksmd_sleep_seconds: 0.18 },
  },
  powersupplyclass: {
    files: {
      'sys/class/power_supply/AC/type': 'Mains\n',
      'sys/class/power_supply/AC/online': '0\n',
      'sys/class/power_supply/BAT0/type': 'Battery\n',
      'sys/class/power_supply/BAT0/status': 'Discharging\n',
      'sys/class/power_supply/BAT0/capacity': '81\n',
      'sys/class/power_supply/BAT0/energy_full': '45070000\n',
      'sys/class/power_supply/BAT0/energy_now': '36580000\n',
      'sys/class/power_supply/BAT0/temp': '315\n',
    },
    expected: {
      'node_power_supply_info{power_supply="AC",type="Mains"}': 1,
      'node_power_supply_info{power_supply="BAT0",status="Discharging",type="Battery"}': 1,
      'node_power_supply_online{power_supply="AC"}': 0,
      'node_power_supply_capacity{power_supply="BAT0"}': 81,
      'node_power_supply_energy_full{power_supply="BAT0"}': 45.07,
      'node_power_supply_energy_watthour{power_supply="BAT0"}': 36.58,
      'node_power_supply_temp_celsius{power_supply="BAT0"}': 31.5,
    },
  },
  selinux: {
    files: { 'sys/fs/selinux/enforce': '1', 'root/etc/selinux/config': '# mode\nSELINUX=permissive\n' },
    expected: { node_selinux_enabled: 1, node_selinux_current_mode: 1, node_selinux_config_mode: 0 },
  },
  tcpstat: {
    files: {
      'proc/net/tcp':
        '  sl  local_address rem_address   st tx_queue rx_queue tr\n   0: 0500000A:0016 00000000:0000 0A 00000000:00000001 00:00000000\n   1: 00000000:0016 00000000:0000 01 00000015:00000000 02:000AC99B\n',
    },
    // What upstream's own test says of the same two connections.
    expected: {
      'node_tcp_connection_states{state="established"}': 1,
      'node_tcp_connection_states{state="listen"}': 1,
      'node_tcp_connection_states{state="tx_queued_bytes"}': 21,
      'node_tcp_connection_states{state="rx_queued_bytes"}': 1,
    },
  },
  timex: {
    files: { 'root/run/systemd/timesync/synchronized': '' },
    expected: { node_timex_sync_status: 1 },
  },
  watchdog: {
    files: { 'sys/class/watchdog/watchdog0/timeout': '60\n', 'sys/class/watchdog/watchdog0/state': 'active\n' },
    expected: {
      'node_watchdog_timeout_seconds{name="watchdog0"}': 60,
      'node_watchdog_info{identity="",name="watchdog0",options="",pretimeout_governor="",state="active",status=""}': 1,
    },
  },
  xfs: {
    files: {
      'sys/fs/xfs/sda1/stats/stats':
        'extent_alloc 1 92 3 4\nabt 5 6 7 8\nblk_map 61 29 26 3 0 93 0\nbmbt 9 10 11 12\ndir 3 2 1 52\nig 5 1 0 4 0 1 1\nrw 28 0\nvnodes 4 0 0 0 1 1 1 0\n',
    },
    expected: {
      'node_xfs_extent_allocation_blocks_allocated_total{device="sda1"}': 92,
      'node_xfs_allocation_btree_records_inserted_total{device="sda1"}': 7,
      'node_xfs_block_mapping_extent_list_lookups_total{device="sda1"}': 93,
      'node_xfs_directory_operation_getdents_total{device="sda1"}': 52,
      'node_xfs_inode_operation_missed_total{device="sda1"}': 4,
      'node_xfs_write_calls_total{device="sda1"}': 28,
      'node_xfs_vnode_active_total{device="sda1"}': 4,
    },
  },
}

for (const [name, { expected, files }] of Object.entries(CASES)) {
  test(`${name} tells what the kernel says of its devices`, async () => {
    const directory = await temporaryDirectory()
    try {
      writeTree(directory.path, files)
      const found = await collect(directory.path, name)
      assert.equal(found.get(`node_scrape_collector_success{collector="${name}"}`), 1)
      for (const [key, value] of Object.entries(expected)) assert.equal(found.get(key), value, key)
    } finally {
      await directory.remove()
    }
  })
}

test('rapl tells the energy of each part, with the zone in the name or as a label', async () => {
  const directory = await temporaryDirectory()
  try {
    const zone = 'sys/class/powercap/intel-rapl:0'
    writeTree(directory.path, {
      [`${zone}/name`]: 'package-0\n',
      [`${zone}/energy_uj`]: '240422366267\n',
      [`${zone}:0/name`]: 'core\n',
      [`${zone}:0/energy_uj`]: '118821284256\n',
    })
    const path = join(directory.path, zone)
    const byName = await collect(directory.path, 'rapl')
    assert.equal(byName.get(`node_rapl_package_joules_total{index="0",path="${path}"}`), 240422.366267)
    assert.equal(byName.get(`node_rapl_core_joules_total{index="0",path="${path}:0"}`), 118821.284256)
    const byLabel = await collect(directory.path, 'rapl', { 'rapl.enable-zone-label': 'true' })
    const labels = `index="0",path="${path}",rapl_zone="package-0"`
    assert.equal(byLabel.get(`node_rapl_joules_total{${labels}}`), 240422.366267)
  } finally {
    await directory.remove()
  }
})

async function collect(
  root: string,
  name: string,
  options: Readonly<Record<string, string>> = {},
): Promise<Map<string, number>> {
  const at = (path: string): string => join(root, path)
  const exporter = new NodeExporter({
    files: new HostFiles({ procfs: at('proc'), sysfs: at('sys'), rootfs: at('root'), udev: at('udev') }),
    collectors: COLLECTORS.filter((collector) => collector.name === name),
    option: (key) => options[key],
    logger: silentLogger,
    nowMs: () => 0,
    monotonicMs: () => 0,
  })
  return valuesOf((await exporter.scrape()).families)
}
