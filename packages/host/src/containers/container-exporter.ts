import type { Logger } from '@quartet/runtime'
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { parseMountInfo } from '../collectors/filesystem.ts'
import type { HostFiles } from '../collectors/host-files.ts'
import { fields } from '../collectors/host-files.ts'
import { MetricPage } from '../collectors/metric-page.ts'
import type { LabelValues } from '../collectors/metric-page.ts'
import { cgroupV1 } from './cgroup-v1.ts'
import { cgroupV2 } from './cgroup-v2.ts'
import { listCgroups } from './cgroup.ts'
import type { CgroupHierarchy } from './cgroup.ts'
import { addContainer } from './container-metrics.ts'
import { containerId, dockerNames, nameFromPath } from './container-names.ts'
import type { ContainerName } from './container-names.ts'
import { addMachine } from './machine-metrics.ts'

export interface ContainerExporterOptions {
  readonly files: HostFiles
  readonly dockerSocket: string
  /** Only containers and the root, no other cgroups. */
  readonly dockerOnly: boolean
  /** With `dockerOnly`: cgroups below these are told too. */
  readonly rawPrefixes: readonly string[]
  readonly storeLabels: boolean
  readonly labelNames: readonly string[]
  readonly isEnabled: (group: string) => boolean
  readonly logger: Logger
  readonly nowMs: () => number
}

/** Reads cgroup files when it is scraped: no polling, no walking of file trees. */
export class ContainerExporter {
  readonly #options: ContainerExporterOptions
  readonly #complaints = new Map<string, string>()

  constructor(options: ContainerExporterOptions) {
    this.#options = options
  }

  async scrape(): Promise<MetricPage> {
    const { files } = this.#options
    const page = new MetricPage()
    const failed = await this.#attempt('containers', () => this.#addContainers(page))
    const help = 'if there was an error while getting'
    page.gauge('container_scrape_error', `1 ${help} container metrics, 0 otherwise`, failed ? 1 : 0)
    const machineFailed = await this.#attempt('machine', () => addMachine(files, page))
    page.gauge('machine_scrape_error', `1 ${help} machine metrics, 0 otherwise.`, machineFailed ? 1 : 0)
    return page
  }

  async #addContainers(page: MetricPage): Promise<void> {
    const { files, isEnabled, nowMs } = this.#options
    const hierarchy = findHierarchy(files)
    if (!hierarchy) throw new Error(`no cgroups below ${files.sys('fs/cgroup')}: container metrics are not available`)
    const names = await this.#dockerNames()
    const devices = deviceNames(files)
    const hostNetwork = files.linkTarget(files.proc('1/ns/net')) ?? files.linkTarget(files.proc('self/ns/net'))
    const nowSeconds = Math.floor(nowMs() / 1000)
    for (const { id, startSeconds } of listCgroups(hierarchy.walkRoot)) {
      const container = containerId(id)
      if (!this.#isWanted(id, container)) continue
      const labels = this.#labelsOf(id, (container && names.get(container)) || nameFromPath(id))
      const stats = hierarchy.read(id)
      const network = stats.pids[0] === undefined ? undefined : files.linkTarget(files.proc(stats.pids[0], 'ns/net'))
      addContainer({
        files,
        page,
        stats,
        labels,
        startSeconds,
        nowSeconds,
        deviceName: (major, minor) => devices.get(`${major}:${minor}`) ?? `${major}:${minor}`,
        hasOwnNetwork: id === '/' || (network !== undefined && network !== hostNetwork),
        isEnabled,
      })
      if (id === '/' && isEnabled('disk')) await this.#addDisks(page, labels)
    }
  }

  /** File systems of the machine stand under the root cgroup; what each container uses would need `du`. */
  async #addDisks(page: MetricPage, labels: LabelValues): Promise<void> {
    const { files } = this.#options
    const text = files.optionalText(files.proc('1/mountinfo')) ?? files.optionalText(files.proc('self/mountinfo')) ?? ''
    const seen = new Set<string>()
    for (const { device, mountpoint } of parseMountInfo(text, files.rootfs)) {
      if (!device.startsWith('/dev/') || seen.has(device)) continue
      seen.add(device)
      const found = await statfs(files.root(mountpoint)).catch(() => undefined) // told by the node exporter
      if (!found) continue
      const gauge = (name: string, help: string, value: number): void =>
        page.gauge(`container_fs_${name}`, help, value, { ...labels, device })
      const bytes = 'Number of bytes that'
      gauge('limit_bytes', `${bytes} can be consumed by the container on this filesystem.`, found.blocks * found.bsize)
      const used = (found.blocks - found.bfree) * found.bsize
      gauge('usage_bytes', `${bytes} are consumed by the container on this filesystem.`, used)
      gauge('inodes_total', 'Number of Inodes', found.files)
      gauge('inodes_free', 'Number of available Inodes', found.ffree)
    }
  }

  #isWanted(id: string, container: string | undefined): boolean {
    const { dockerOnly, rawPrefixes } = this.#options
    if (!dockerOnly || id === '/' || container !== undefined) return true
    return rawPrefixes.some((prefix) => prefix !== '' && id.startsWith(prefix))
  }

  #labelsOf(id: string, { image, labels, name }: ContainerName): LabelValues {
    const { labelNames, storeLabels } = this.#options
    const kept = Object.entries(labels).filter(([key]) => storeLabels || labelNames.includes(key))
    const more = kept.map(([key, value]) => [`container_label_${key.replace(/[^a-zA-Z0-9_]/g, '_')}`, value])
    return { id, name, image, ...Object.fromEntries(more) }
  }

  async #dockerNames(): Promise<Map<string, ContainerName>> {
    const { dockerSocket } = this.#options
    let names = new Map<string, ContainerName>()
    if (dockerSocket === '' || !existsSync(dockerSocket)) return names
    await this.#attempt('docker', async () => {
      names = await dockerNames(dockerSocket)
    })
    return names
  }

  /** @returns whether it failed, which is logged when it is news */
  async #attempt(what: string, action: () => void | Promise<void>): Promise<boolean> {
    let problem = ''
    try {
      await action()
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
    if (problem !== '' && problem !== this.#complaints.get(what)) {
      this.#options.logger.warn({ what, problem }, 'container metrics are incomplete')
    }
    this.#complaints.set(what, problem)
    return problem !== ''
  }
}

function findHierarchy(files: HostFiles): CgroupHierarchy | undefined {
  const root = files.sys('fs/cgroup')
  if (existsSync(`${root}/cgroup.controllers`)) return cgroupV2(files, root)
  if (['memory', 'cpuacct', 'cpu'].some((name) => existsSync(`${root}/${name}`))) return cgroupV1(files, root)
  return undefined
}

function deviceNames(files: HostFiles): Map<string, string> {
  const lines = (files.optionalText(files.proc('diskstats')) ?? '').split('\n').map((line) => fields(line))
  return new Map(lines.map(([major, minor, name]) => [`${major}:${minor}`, name ?? '']))
}
