import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Image } from '../../scripts/image/build-image.ts'
import { inRoot } from '../../scripts/image/root.ts'
import type { Mount } from '../../scripts/image/root.ts'
import type { ComposeFile, ComposeService } from './compose-file.ts'
import type { Platform } from './platform.ts'
import { eventually } from './quartet.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NETWORK = join(ROOT, 'test/support/compose-network.mjs')
const READY = / is ready \(/

/** Which service a test means by a port. */
const SERVICE_OF_PORT: Readonly<Record<number, string>> = {
  3000: 'grafana',
  3100: 'loki',
  3200: 'tempo',
  4317: 'alloy',
  4318: 'alloy',
  8080: 'cadvisor',
  9090: 'prometheus',
  9091: 'pushgateway',
  9093: 'alertmanager',
  9100: 'node-exporter',
  12345: 'alloy',
}

export interface ComposeOptions {
  readonly file: ComposeFile
  readonly image: Image
  /** Names that lead to addresses outside of compose, for every service on a network that leads outside. */
  readonly outside?: Readonly<Record<string, string>>
  /** Changes the copy of the project's `stack` before anything starts. */
  readonly prepare?: (project: string) => void
}

/**
 * `docker compose up` of our own services without Docker: every service is a process with the image's files as its read-only root,
 * its own volumes, mounts, user and process ids, and a loopback address that the others of its networks know by its name.
 */
export class ComposeStack implements Platform {
  readonly directory: string
  readonly #options: ComposeOptions
  readonly #containers = new Map<string, Container>()

  static async start(options: ComposeOptions): Promise<ComposeStack> {
    const stack = new ComposeStack(options)
    try {
      await Promise.all([...stack.#containers.values()].map((container) => container.ready()))
    } catch (error) {
      await stack.stop()
      throw error
    }
    return stack
  }

  private constructor(options: ComposeOptions) {
    this.#options = options
    this.directory = mkdtempSync(join(tmpdir(), 'quartet-compose-'))
    cpSync(join(ROOT, 'stack'), join(this.directory, 'stack'), { recursive: true })
    options.prepare?.(this.directory)
    for (const name of this.services) this.#containers.set(name, this.#run(name))
  }

  /** Those that run our image. */
  get services(): readonly string[] {
    const { services } = this.#options.file
    return Object.keys(services).filter((name) => services[name]?.build !== undefined)
  }

  addressOf(service: string): string {
    const index = this.services.indexOf(service)
    if (index < 0) throw new Error(`no service ${service}`)
    let hash = 7
    for (const char of this.directory) hash = (hash * 31 + char.charCodeAt(0)) % 25_000
    return `127.${100 + (hash % 100)}.${1 + (Math.floor(hash / 100) % 250)}.${index + 10}`
  }

  url(port: number, path = ''): string {
    return `http://${this.addressOf(SERVICE_OF_PORT[port] ?? '')}:${port}${path}`
  }

  async get<T>(port: number, path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.url(port, path), init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 500)}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  output(service: string): string {
    return this.#container(service).output
  }

  residentBytes(service: string): number {
    return Number(this.#status(service, /^VmRSS:\s+(\d+) kB$/m)) * 1024
  }

  threads(service: string): number {
    return Number(this.#status(service, /^Threads:\s+(\d+)$/m))
  }

  /** As `docker compose exec`. */
  execute(service: string, command: readonly string[]): { code: number | null; output: string } {
    return this.#container(service).execute(command)
  }

  signal(service: string, signal: NodeJS.Signals): void {
    this.#container(service).signal(signal)
  }

  /** SIGKILL: nothing is flushed. */
  kill(service: string): Promise<void> {
    return this.#container(service).kill()
  }

  /** A new container on the volumes of the one before. */
  async restart(service: string): Promise<void> {
    const container = this.#run(service)
    this.#containers.set(service, container)
    await container.ready()
  }

  /** As `docker compose stop`; exit codes by service. */
  async stop(): Promise<ReadonlyMap<string, number | null>> {
    const codes = await Promise.all(
      [...this.#containers].map(async ([name, container]) => [name, await container.stop()] as const),
    )
    rmSync(this.directory, { recursive: true, force: true })
    return new Map(codes)
  }

  #status(service: string, pattern: RegExp): string {
    return pattern.exec(readFileSync(`/proc/${this.#container(service).pid}/status`, 'utf8'))?.[1] ?? ''
  }

  #container(service: string): Container {
    const container = this.#containers.get(service)
    if (!container) throw new Error(`no service ${service}`)
    return container
  }

  #run(name: string): Container {
    const { file, image } = this.#options
    const service = file.services[name]!
    const root = join(this.directory, 'roots', name)
    mkdirSync(root, { recursive: true })
    const env = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: '/',
      ...Object.fromEntries(image.env),
      ...service.environment,
      NODE_OPTIONS: '--import=/compose-network.mjs',
      COMPOSE_NETWORK: JSON.stringify({ self: this.addressOf(name), names: this.#namesFor(service) }),
    }
    const user = service.user ?? image.user
    const start = inRoot({
      root,
      isEmpty: true,
      isReadOnly: service.read_only ?? false,
      mounts: [
        { source: join(image.root, 'quartet'), target: '/quartet', isReadOnly: true },
        ...[...image.borrowed].map(([target, source]) => ({ source, target, isReadOnly: true })),
        { source: NETWORK, target: '/compose-network.mjs', isReadOnly: true },
        ...(service.tmpfs ?? []).map((target) => ({ source: 'tmpfs', target })),
        ...(service.volumes ?? []).flatMap((text) => this.#mount(text)),
      ],
      user,
      groups: [user.split(':')[1]!, ...(service.group_add ?? [])],
      directory: image.directory,
      env,
      command: [...image.entrypoint, ...(service.command ?? image.command)],
    })
    return new Container({ name, start, env, user })
  }

  /** `source:target[:options]`; what this machine does not have is left out, where Docker would make a directory. */
  #mount(text: string): Mount[] {
    const [from = '', target = '', flags = ''] = text.split(':')
    const isReadOnly = flags.split(',').includes('ro')
    if (isAbsolute(from)) return existsSync(from) ? [{ source: from, target, isReadOnly }] : []
    if (from.startsWith('.')) return [{ source: join(this.directory, from), target, isReadOnly }]
    if (!(from in this.#options.file.volumes)) throw new Error(`no volume ${from}`)
    const source = join(this.directory, 'volumes', from)
    mkdirSync(source, { recursive: true })
    // A new volume takes after the image's directory.
    const { uid, gid } = statSync(join(this.#options.image.root, target))
    if (process.getuid?.() === 0) chownSync(source, uid, gid)
    return [{ source, target, isReadOnly }]
  }

  /** Only services of a common network know each other. */
  #namesFor(service: ComposeService): Record<string, string> {
    const { file, outside = {} } = this.#options
    const near = this.services.filter((other) =>
      file.services[other]!.networks.some((network) => service.networks.includes(network)),
    )
    const leadsOutside = service.networks.some((network) => file.networks[network]?.internal !== true)
    return { ...(leadsOutside && outside), ...Object.fromEntries(near.map((other) => [other, this.addressOf(other)])) }
  }
}

interface ContainerOptions {
  readonly name: string
  readonly start: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user: string
}

class Container {
  output = ''
  readonly #options: ContainerOptions
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>

  constructor(options: ContainerOptions) {
    this.#options = options
    const [program = '', ...args] = options.start
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (chunk: Buffer): void => void (this.output = (this.output + chunk).slice(-100_000))
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#exited = new Promise((resolve) => this.#child.once('exit', resolve))
  }

  /** Of process 1 of the container, as this machine sees it. */
  get pid(): number {
    return Number(readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, 'utf8').trim())
  }

  async ready(): Promise<void> {
    const { name } = this.#options
    const isReady = eventually(
      `${name} being ready`,
      async () => {
        if (!this.#isReady) throw new Error(`${name} says:\n${this.output}`)
      },
      90_000,
    )
    const code = await Promise.race([isReady, this.#exited])
    if (code !== undefined) throw new Error(`${name} ended with ${code}:\n${this.output}`)
  }

  get #isReady(): boolean {
    return READY.test(this.output)
  }

  execute(command: readonly string[]): { code: number | null; output: string } {
    const [uid = '0', gid = '0'] = this.#options.user.split(':')
    const isSuperuser = process.getuid?.() === 0
    const identity = isSuperuser ? ['--setuid', uid, '--setgid', gid] : ['--user', '--preserve-credentials']
    const env = Object.entries(this.#options.env).map((pair) => pair.join('='))
    const args = ['--target', String(this.pid), '--mount', '--pid', '--root', '--wd', ...identity]
    const { status, stdout, stderr } = spawnSync('nsenter', [...args, '/usr/bin/env', '-i', ...env, ...command], {
      encoding: 'utf8',
    })
    return { code: status, output: stdout + stderr }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<number | null> {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null
    // Process 1 may not be there yet; unshare takes whatever there is along.
    if (!hasEnded && this.#isReady) this.signal('SIGTERM')
    else this.#child.kill('SIGKILL')
    return this.#exited
  }
}
