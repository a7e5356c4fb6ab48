import { release } from 'node:os'
import type { HostFiles } from '../collectors/host-files.ts'
import type { MetricPage } from '../collectors/metric-page.ts'

/** cAdvisor's metrics of the machine itself. */
export function addMachine(files: HostFiles, page: MetricPage): void {
  const labels = {
    machine_id: files.optionalText(files.root('etc/machine-id')) ?? '',
    boot_id: files.optionalText(files.proc('sys/kernel/random/boot_id')) ?? '',
    system_uuid: files.optionalText(files.sys('class/dmi/id/product_uuid')) ?? '',
  }
  const meminfo = files.text(files.proc('meminfo'))
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024
  const { cores, physicalCores, sockets } = countCpus(files.optionalText(files.proc('cpuinfo')) ?? '')
  page.gauge('machine_cpu_cores', 'Number of logical CPU cores.', cores, labels)
  page.gauge('machine_cpu_physical_cores', 'Number of physical CPU cores.', physicalCores, labels)
  page.gauge('machine_cpu_sockets', 'Number of CPU sockets.', sockets, labels)
  page.gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', bytes('MemTotal'), labels)
  page.gauge('machine_swap_bytes', 'Amount of swap memory available on the machine.', bytes('SwapTotal'), labels)
  const help =
    "A metric with a constant '1' value labeled by kernel version, OS version, docker version, cadvisor version & cadvisor revision."
  const osRelease = files.optionalText(files.root('etc/os-release')) ?? ''
  page.gauge('cadvisor_version_info', help, 1, {
    cadvisorRevision: '',
    cadvisorVersion: 'v0.55.1',
    dockerVersion: '',
    kernelVersion: release(),
    osVersion: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? '',
  })
}

export function countCpus(cpuinfo: string): { cores: number; physicalCores: number; sockets: number } {
  const blocks = cpuinfo.split('\n\n').filter((block) => /^processor\s*:/m.test(block))
  const read = (block: string, key: string): string => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(block)?.[1] ?? ''
  const sockets = new Set(blocks.map((block) => read(block, 'physical id')))
  const physical = new Set(blocks.map((block) => `${read(block, 'physical id')}/${read(block, 'core id')}`))
  // Without topology, as on ARM, every processor is a core of one socket.
  const hasTopology = blocks.some((block) => read(block, 'core id') !== '')
  return {
    cores: blocks.length,
    physicalCores: hasTopology ? physical.size : blocks.length,
    sockets: Math.max(1, sockets.size),
  }
}
