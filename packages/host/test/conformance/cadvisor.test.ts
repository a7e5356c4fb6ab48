import { parseFamilies } from '@quartet/model'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HostFiles } from '../../src/collectors/host-files.ts'
import { MetricPage } from '../../src/collectors/metric-page.ts'
import type { CgroupStats } from '../../src/containers/cgroup.ts'
import { addContainer } from '../../src/containers/container-metrics.ts'
import { addMachine } from '../../src/containers/machine-metrics.ts'

const FOLDER = join(
  import.meta.dirname,
  '../../../../../shared/conformance/exporters/google__cadvisor/metrics/testdata',
)
const skip = existsSync(FOLDER) ? false : 'no ../shared/conformance'

const EVERYTHING: CgroupStats = {
  cpu: { usage: 1, user: 1, system: 1 },
  throttling: { periods: 1, throttledPeriods: 1, throttledSeconds: 1, burstPeriods: 1, burstSeconds: 1 },
  cpuSpec: { shares: 1, period: 1, quota: 1 },
  memory: {
    usage: 1,
    workingSet: 1,
    cache: 1,
    rss: 1,
    swap: 1,
    mappedFile: 1,
    kernel: 1,
    activeFile: 1,
    inactiveFile: 1,
    maxUsage: 1,
    failures: 1,
    pageFaults: 1,
    majorPageFaults: 1,
  },
  memorySpec: { limit: 1, reservation: 1, swapLimit: 1 },
  oomEvents: 1,
  threads: { current: 1, max: 1 },
  blockIo: [{ major: '8', minor: '0', readBytes: 1, writeBytes: 1, reads: 1, writes: 1 }],
  pressure: (['cpu', 'memory', 'io'] as const).map((resource) => ({
    resource,
    waitingSeconds: 1,
    stalledSeconds: 1,
  })),
  pids: [String(process.pid)],
}

test("container and machine metrics have cAdvisor's names, types, helps and labels", { skip }, () => {
  const page = new MetricPage()
  const files = new HostFiles({ procfs: '/proc', sysfs: '/sys', rootfs: '/', udev: '/run/udev/data' })
  addContainer({
    files,
    page,
    stats: EVERYTHING,
    labels: { id: 'testcontainer', image: 'test', name: 'n' },
    startSeconds: 1,
    nowSeconds: 2,
    deviceName: () => 'sda',
    hasOwnNetwork: true,
    isEnabled: () => true,
  })
  addMachine(files, page)
  const expected = ['prometheus_metrics', 'prometheus_machine_metrics'].map((name) =>
    parseFamilies(readFileSync(join(FOLDER, name))),
  )
  let compared = 0
  for (const { help, metrics, name, type } of page.families.values()) {
    const theirs = expected.map((families) => families.get(name)).find((family) => family !== undefined)
    // Upstream's fixture has no memory specification; the names are those of its documentation.
    if (!theirs) {
      assert.match(name, /^container_spec_memory_(limit|reservation_limit|swap_limit)_bytes$/)
      continue
    }
    compared++
    assert.deepEqual([name, type, help], [name, theirs.type, theirs.help])
    const labels = (family: typeof metrics): string[] =>
      family[0]!.labels.map((label) => label.name).filter((label) => !/^(container_(env|label)_|zone_name)/.test(label))
    assert.deepEqual([name, labels(metrics)], [name, labels(theirs.metrics)])
  }
  console.log(`exporters cadvisor: ${compared} families agree`)
  assert.ok(compared >= 57)
})
