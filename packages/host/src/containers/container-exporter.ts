import type { Logger } from '@quartet/runtime'
import { existsSync } from 'node:fs'
import type { HostFiles } from '../collectors/host-files.ts'
import { fields } from '../collectors/host-files.ts'
import { MetricPage } from '../collectors/metric-page.ts'
import type { LabelValues } from '../collectors/metric-page.ts'
import { cgroupV1 } from './cgroup-v1.ts'
import { cgroupV2 } from './cgroup-v2.ts'
import { listCgroups } from './cgroup.ts'
import type { CgroupHierarchy, CgroupStats } from './cgroup.ts'
import { addContainer } from './container-metrics.ts'
import { containerId, dockerEnvironment, dockerNames, nameFromPath } from './container-names.ts'
import type { ContainerName } from './container-names.ts'
import { addMachineDisks } from './machine-disks.ts'
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
  /** Beginnings of names of environment variables that become labels. */
  readonly environmentPrefixes: readonly string[]
  readonly isEnabled: (group: string) => boolean
  readonly logger: Logger
  readonly nowMs: () => number
}

export interface SeenContainer {
  /** Path of the cgroup. */
  readonly id: string
  /** Of the container that it belongs to. */
  readonly containerId: string | undefined
  readonly name: ContainerName
  readonly startSeconds: number
  readonly stats: CgroupStats
  readonly hasOwnNetwork: boolean
}

/** Reads cgroup files when it is scraped: no polling, no walking of file trees. */
export class ContainerExporter {
  readonly #options: ContainerExporterOptions
  readonly #complaints = new Map<string, string>()
  /** Of running containers: it does not change while one lives. */
  #environments = new Map<string, Readonly<Record<string, string>>>()

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

  /** Every cgroup that is wanted, with what the kernel counts for it now. @throws Error on machines without cgroups */
  async *containers(): AsyncGenerator<SeenContainer> {
    const { files } = this.#options
    const hierarchy = findHierarchy(files)
    if (!hierarchy) throw new Error(`no cgroups below ${files.sys('fs/cgroup')}: container metrics are not available`)
    const names = await this.#dockerNames()
    await this.#learnEnvironments(names)
    const hostNetwork = files.linkTarget(files.proc('1/ns/net')) ?? files.linkTarget(files.proc('self/ns/net'))
    for (const { id, startSeconds } of listCgroups(hierarchy.walkRoot)) {
      const container = containerId(id)
      if (!this.#isWanted(id, container)) continue
      const stats = hierarchy.read(id)
      const network = stats.pids[0] === undefined ? undefined : files.linkTarget(files.proc(stats.pids[0], 'ns/net'))
      const hasOwnNetwork = id === '/' || (network !== undefined && network !== hostNetwork)
      const name = (container && names.get(container)) || nameFromPath(id)
      yield { id, containerId: container, name, startSeconds, stats, hasOwnNetwork }
    }
  }

  async #addContainers(page: MetricPage): Promise<void> {
    const { files, isEnabled, nowMs } = this.#options
    const devices = deviceNames(files)
    const nowSeconds = Math.floor(nowMs() / 1000)
    for await (const { containerId: container, hasOwnNetwork, id, name, startSeconds, stats } of this.containers()) {
      const labels = this.#labelsOf(id, name, this.#environments.get(container ?? '') ?? {})
      addContainer({
        files,
        page,
        stats,
        labels,
        startSeconds,
        nowSeconds,
        deviceName: (major, minor) => devices.get(`${major}:${minor}`) ?? `${major}:${minor}`,
        hasOwnNetwork,
        isEnabled,
      })
      if (id === '/' && isEnabled('disk')) await addMachineDisks(files, page, labels)
    }
  }

  #isWanted(id: string, container: string | undefined): boolean {
    const { dockerOnly, rawPrefixes } = this.#options
    if (!dockerOnly || id === '/' || container !== undefined) return true
    return rawPrefixes.some((prefix) => prefix !== '' && id.startsWith(prefix))
  }

  #labelsOf(id: string, { image, labels, name }: ContainerName, environment: LabelValues): LabelValues {
    const { labelNames, storeLabels } = this.#options
    const kept = Object.entries(labels).filter(([key]) => storeLabels || labelNames.includes(key))
    const more = [
      ...Object.entries(environment).map(([key, value]) => [`container_env_${labelName(key)}`, value]),
      ...kept.map(([key, value]) => [`container_label_${labelName(key)}`, value]),
    ]
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

  async #learnEnvironments(names: ReadonlyMap<string, ContainerName>): Promise<void> {
    const { dockerSocket, environmentPrefixes: prefixes } = this.#options
    if (prefixes.length === 0) return
    const known = this.#environments
    this.#environments = new Map()
    await this.#attempt('docker environment', async () => {
      for (const id of names.keys()) {
        this.#environments.set(id, known.get(id) ?? (await dockerEnvironment(dockerSocket, { id, prefixes })))
      }
    })
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

function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, '_')
}

function findHierarchy(files: HostFiles): CgroupHierarchy | undefined {
  const root = files.sys('fs/cgroup')
  if (existsSync(`${root}/cgroup.controllers`)) return cgroupV2(files, root)
  if (['memory', 'cpuacct', 'cpu'].some((name) => existsSync(`${root}/${name}`))) return cgroupV1(files, root)
  return undefined
}

/** `sda` by `8:0`. */
export function deviceNames(files: HostFiles): Map<string, string> {
  const lines = (files.optionalText(files.proc('diskstats')) ?? '').split('\n').map((line) => fields(line))
  return new Map(lines.map(([major, minor, name]) => [`${major}:${minor}`, name ?? '']))
}
