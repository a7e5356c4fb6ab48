import { silentLogger } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { valuesOf, writeTree } from '../../test/support.ts'
import { HostFiles } from './host-files.ts'
import { NodeExporter } from './node-exporter.ts'
import { COLLECTORS } from './registry.ts'

/** Collectors that read /sys, of which the corpus has nothing: input, and what must come of it. */
const CASES: Readonly<Record<string, { files: Record<string, string>; expected: Record<string, number> }>> = {
  cpufreq: {
    files: {
      'sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq': '1699981\n',
      'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave\n',
      'sys/devices/system/cpu/cpu0/cpufreq/scaling_available_governors': 'performance powersave\n',
    },
    expected: {
      'node_cpu_scaling_frequency_hertz{cpu="0"}': 1.699981e9,
      'node_cpu_scaling_governor{cpu="0",governor="performance"}': 0,
      'node_cpu_scaling_governor{cpu="0",governor="powersave"}': 1,
    },
  },
  dmi: {
    files: { 'sys/class/dmi/id/sys_vendor': 'Dell Inc.\n', 'sys/class/dmi/id/bios_version': '2.2.4\n' },
    expected: { 'node_dmi_info{bios_version="2.2.4",system_vendor="Dell Inc."}': 1 },
  },
  edac: {
    files: {
      'sys/devices/system/edac/mc/mc0/ce_count': '1\n',
      'sys/devices/system/edac/mc/mc0/ce_noinfo_count': '2\n',
      'sys/devices/system/edac/mc/mc0/ue_count': '5\n',
      'sys/devices/system/edac/mc/mc0/csrow0/ce_count': '3\n',
    },
    expected: {
      'node_edac_correctable_errors_total{controller="0"}': 1,
      'node_edac_csrow_correctable_errors_total{controller="0",csrow="unknown"}': 2,
      'node_edac_csrow_correctable_errors_total{controller="0",csrow="0"}': 3,
      'node_edac_uncorrectable_errors_total{controller="0"}': 5,
    },
  },
  hwmon: {
    files: {
      'sys/class/hwmon/hwmon0/name': 'nct6779\n',
      'sys/class/hwmon/hwmon0/temp1_input': '55000\n',
      'sys/class/hwmon/hwmon0/temp1_label': 'Core 0\n',
      'sys/class/hwmon/hwmon0/temp1_crit_alarm': '0\n',
      'sys/class/hwmon/hwmon0/fan2_input': '1098\n',
      'sys/class/hwmon/hwmon0/in0_input': '792\n',
      'sys/class/hwmon/hwmon0/beep_enable': '1\n',
    },
    expected: {
      'node_hwmon_beep_enabled{chip="nct6779",sensor="beep_enable"}': 1,
      'node_hwmon_chip_names{chip="nct6779",chip_name="nct6779"}': 1,
      'node_hwmon_fan_rpm{chip="nct6779",sensor="fan2"}': 1098,
      'node_hwmon_in_volts{chip="nct6779",sensor="in0"}': 0.792,
      'node_hwmon_sensor_label{chip="nct6779",label="Core 0",sensor="temp1"}': 1,
      'node_hwmon_temp_celsius{chip="nct6779",sensor="temp1"}': 55,
      'node_hwmon_temp_crit_alarm_celsius{chip="nct6779",sensor="temp1"}': 0,
    },
  },
  mdadm: {
    files: {
      'proc/mdstat': 'Personalities : [raid1]\nunused devices: <none>\n',
      'sys/block/md0/md/degraded': '1\n',
      'sys/block/md0/md/raid_disks': '2\n',
    },
    expected: { 'node_md_degraded{device="md0"}': 1, 'node_md_raid_disks{device="md0"}': 2 },
  },
  netclass: {
    files: {
      'sys/class/net/eth0/operstate': 'up\n',
      'sys/class/net/eth0/flags': '0x1303\n',
      'sys/class/net/eth0/speed': '1000\n',
      'sys/class/net/eth0/carrier_changes': '2\n',
    },
    expected: {
      'node_network_up{device="eth0"}': 1,
      'node_network_info{address="",adminstate="up",broadcast="",device="eth0",duplex="",ifalias="",operstate="up"}': 1,
      'node_network_flags{device="eth0"}': 0x1303,
      'node_network_speed_bytes{device="eth0"}': 1.25e8,
      'node_network_carrier_changes_total{device="eth0"}': 2,
    },
  },
  nvme: {
    files: { 'sys/class/nvme/nvme0/model': 'Samsung 970\n', 'sys/class/nvme/nvme0/state': 'live\n' },
    expected: {
      'node_nvme_info{cntlid="",device="nvme0",firmware_revision="",model="Samsung 970",serial="",state="live"}': 1,
    },
  },
  os: {
    files: { 'root/etc/os-release': 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="20.04"\n' },
    expected: { 'node_os_version{id="ubuntu",id_like="",name="Ubuntu"}': 20.04 },
  },
  thermal_zone: {
    files: {
      'sys/class/thermal/thermal_zone0/type': 'cpu\n',
      'sys/class/thermal/thermal_zone0/temp': '49925\n',
      'sys/class/thermal/cooling_device0/type': 'Processor\n',
      'sys/class/thermal/cooling_device0/cur_state': '0\n',
      'sys/class/thermal/cooling_device0/max_state': '3\n',
    },
    expected: {
      'node_thermal_zone_temp{type="cpu",zone="0"}': 49.925,
      'node_cooling_device_cur_state{name="0",type="Processor"}': 0,
      'node_cooling_device_max_state{name="0",type="Processor"}': 3,
    },
  },
}

async function collect(root: string, name: string): Promise<Map<string, number>> {
  const exporter = new NodeExporter({
    files: new HostFiles({
      procfs: join(root, 'proc'),
      sysfs: join(root, 'sys'),
      rootfs: join(root, 'root'),
      udev: join(root, 'udev'),
    }),
    collectors: COLLECTORS.filter((collector) => collector.name === name),
    option: () => undefined,
    logger: silentLogger,
    nowMs: () => 0,
    monotonicMs: () => 0,
  })
  return valuesOf((await exporter.scrape()).families)
}

for (const [name, { expected, files }] of Object.entries(CASES)) {
  test(`${name} tells what sysfs holds, and only success 0 where there is nothing`, async () => {
    const directory = await temporaryDirectory()
    try {
      const nothing = await collect(directory.path, name)
      const own = [...nothing.keys()].filter((key) => !key.startsWith('node_scrape_'))
      assert.deepEqual(own, [])
      writeTree(directory.path, files)
      const found = await collect(directory.path, name)
      assert.equal(found.get(`node_scrape_collector_success{collector="${name}"}`), 1)
      for (const [key, value] of Object.entries(expected)) assert.equal(found.get(key), value, key)
    } finally {
      await directory.remove()
    }
  })
}

test('hwmon names a chip by its device, which stays the same over restarts', async () => {
  const directory = await temporaryDirectory()
  try {
    const device = join(directory.path, 'sys/devices/platform/coretemp.0')
    mkdirSync(device, { recursive: true })
    writeTree(directory.path, { 'sys/class/hwmon/hwmon1/temp1_max': '84000\n' })
    symlinkSync(device, join(directory.path, 'sys/class/hwmon/hwmon1/device'))
    const found = await collect(directory.path, 'hwmon')
    assert.equal(found.get('node_hwmon_temp_max_celsius{chip="platform_coretemp_0",sensor="temp1"}'), 84)
  } finally {
    await directory.remove()
  }
})
