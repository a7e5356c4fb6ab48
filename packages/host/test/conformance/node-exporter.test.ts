import { parseFamilies } from '@quartet/model'
import type { MetricFamily } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { HostFiles } from '../../src/collectors/host-files.ts'
import { NodeExporter } from '../../src/collectors/node-exporter.ts'
import { COLLECTORS } from '../../src/collectors/registry.ts'

const FIXTURES = join(
  import.meta.dirname,
  '../../../../../shared/conformance/exporters/prometheus__node_exporter/collector/fixtures',
)
const skip = existsSync(FIXTURES) ? false : 'no ../shared/conformance'
const KNOWN = JSON.parse(readFileSync(join(import.meta.dirname, 'known-failures.json'), 'utf8')) as Record<
  string,
  string
>

/** Collectors whose input is in the corpus (no /sys there), and which of the expected metrics are theirs. */
const FAMILIES: Readonly<Record<string, RegExp>> = {
  arp: /^node_arp_entries$/,
  conntrack: /^node_nf_conntrack/,
  cpu: /^node_cpu_(seconds|guest_seconds|info|flag_info|bug_info)/,
  diskstats: /^node_disk_(?!info|filesystem_info|device_mapper|ata)/,
  entropy: /^node_entropy/,
  filefd: /^node_filefd/,
  buddyinfo: /^node_buddyinfo/,
  cgroups: /^node_cgroups/,
  interrupts: /^node_interrupts/,
  ipvs: /^node_ipvs/,
  loadavg: /^node_load/,
  mdadm: /^node_md_(?!degraded|raid_disks)/,
  meminfo: /^node_memory_(?!numa)/,
  netstat: /^node_netstat/,
  nfs: /^node_nfs_/,
  nfsd: /^node_nfsd_/,
  pressure: /^node_pressure/,
  processes: /^node_processes/,
  schedstat: /^node_schedstat/,
  slabinfo: /^node_slabinfo/,
  sockstat: /^node_sockstat/,
  softirqs: /^node_softirqs_functions/,
  softnet: /^node_softnet/,
  stat: /^node_(boot_time|context_switches|forks|intr|procs_(running|blocked)|softirqs_total)/,
  textfile: /^(testmetric|node_textfile_scrape_error)/,
  udp_queues: /^node_udp_queues/,
  vmstat: /^node_vmstat/,
  xfrm: /^node_xfrm/,
  zfs: /^node_zfs/,
}

const OPTIONS: Readonly<Record<string, string>> = {
  'arp.device-exclude': 'nope',
  'cpu.info': 'true',
  'cpu.info.flags-include': '^(aes|avx.?|constant_tsc)$',
  'cpu.info.bugs-include': '^(cpu_meltdown|spectre_.*|mds)$',
  'stat.softirq': 'true',
  'textfile.directory': join(FIXTURES, 'textfile/two_metric_files'),
  'diskstats.device-exclude': '^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$',
}

function exporter(name: string, options: Readonly<Record<string, string>>): NodeExporter {
  const nowhere = '/nonexistent'
  return new NodeExporter({
    files: new HostFiles({ procfs: join(FIXTURES, 'proc'), sysfs: nowhere, rootfs: nowhere, udev: nowhere }),
    collectors: COLLECTORS.filter((collector) => collector.name === name),
    option: (key) => options[key],
    logger: silentLogger,
    nowMs: () => 0,
    monotonicMs: () => 0,
  })
}

/** Every line of the family, and its type and help. */
function linesOf(families: Iterable<MetricFamily>): string[] {
  return [...families].flatMap(({ help, metrics, name, type }) => [
    `# ${name} ${type} ${help?.replace(FIXTURES, 'collector/fixtures')}`,
    ...metrics.map(({ labels, value }) => `${name}${JSON.stringify(labels)} ${JSON.stringify(value)}`).sort(),
  ])
}

describe('node_exporter conformance', { skip }, () => {
  const expected = skip
    ? new Map<string, MetricFamily>()
    : parseFamilies(readFileSync(join(FIXTURES, 'e2e-output.txt')))
  for (const [name, pattern] of Object.entries(FAMILIES)) {
    it(`${name} reads the corpus as upstream does`, async () => {
      const page = await exporter(name, OPTIONS).scrape()
      const own = [...page.families.values()].filter((family) => pattern.test(family.name))
      const wanted = [...expected.values()].filter((family) => pattern.test(family.name))
      const byName = (a: MetricFamily, b: MetricFamily): number => (a.name < b.name ? -1 : 1)
      const [ownLines, wantedLines] = [linesOf(own.sort(byName)), linesOf(wanted.sort(byName))]
      const missing = wantedLines.filter((line) => !ownLines.includes(line) && !(line in KNOWN))
      const extra = ownLines.filter((line) => !wantedLines.includes(line) && !(line in KNOWN))
      console.log(`exporters ${name}: ${wantedLines.length - missing.length} of ${wantedLines.length} lines`)
      assert.ok(wantedLines.length > 0)
      assert.deepEqual({ missing, extra }, { missing: [], extra: [] })
    })
  }
  for (const file of skip ? [] : readdirSync(join(FIXTURES, 'textfile')).filter((each) => each.endsWith('.out'))) {
    // One of the directories that this one expects is kept back from the corpus.
    if (file === 'glob_extra_dimension.out') continue
    it(`textfile ${file}`, async () => {
      const name = file.slice(0, -'.out'.length)
      const page = await exporter('textfile', { 'textfile.directory': join(FIXTURES, 'textfile', name) }).scrape()
      for (const key of page.families.keys()) if (key.startsWith('node_scrape_')) page.families.delete(key)
      for (const { metrics } of page.families.values()) {
        metrics.sort((a, b) => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1))
      }
      // Upstream's test gives every file the time 1, and knows them by a relative path.
      const text = page
        .render()
        .replaceAll(`${join(FIXTURES, 'textfile')}/`, 'fixtures/textfile/')
        .replace(/^(node_textfile_mtime_seconds\{.*\}) .*$/gm, '$1 1')
      assert.deepEqual(text.split('\n'), readFileSync(join(FIXTURES, 'textfile', file), 'utf8').split('\n'))
    })
  }
})
