import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { readDockerignore } from './dockerignore.ts'
import { parseDockerfile } from './dockerfile.ts'
import type { Instruction, Stage } from './dockerfile.ts'
import { inRoot } from './root.ts'
import type { Mount } from './root.ts'

export interface BuildOptions {
  /** The context, with Dockerfile and .dockerignore. */
  readonly context: string
  /** An empty directory; every stage becomes a directory in it. */
  readonly target: string
  /** Stages that are not run, since another root has what is copied from them. */
  readonly taken?: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}

/** What an image is, beside its files. */
export interface Image {
  readonly root: string
  /** Paths in the image that are files of this machine: Node, instead of a copy of the base image's. */
  readonly borrowed: ReadonlyMap<string, string>
  readonly env: ReadonlyMap<string, string>
  readonly directory: string
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
}

const NODE = '/usr/local/bin/node'

/**
 * Executes a Dockerfile's steps without Docker: every stage is a directory that becomes the root of its RUN steps, with this machine's
 * system libraries and this Node in place of the base image. Proves the steps, not the base images.
 * @returns the last stage
 */
export async function buildImage(options: BuildOptions): Promise<Image> {
  const { context, target, taken = {}, say } = options
  const isIgnored = readDockerignore(readFileSync(join(context, '.dockerignore'), 'utf8'))
  const images = new Map<string, Image>()
  const stages = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))
  for (const stage of stages) {
    const given = taken[stage.name]
    if (given !== undefined) {
      say(`${stage.name}: taken from ${given}`)
      images.set(stage.name, { ...emptyImage(given) })
      continue
    }
    images.set(stage.name, await buildStage(stage, { root: join(target, stage.name), context, images, isIgnored, say }))
  }
  return images.get(stages.at(-1)!.name)!
}

interface StageOptions {
  readonly root: string
  readonly context: string
  readonly images: ReadonlyMap<string, Image>
  readonly isIgnored: (path: string) => boolean
  readonly say: (line: string) => void
}

type Draft = { -readonly [Key in keyof Image]: Image[Key] }

async function buildStage(stage: Stage, options: StageOptions): Promise<Image> {
  const { root, images, say } = options
  mkdirSync(root, { recursive: true })
  const image: Draft = { ...(images.get(stage.base) ?? emptyImage(root)), root }
  const base = images.get(stage.base)
  if (base) cpSync(base.root, root, { recursive: true, verbatimSymlinks: true })
  else if (stage.base.startsWith('node:')) image.borrowed = new Map([[NODE, realpathSync(process.execPath)]])
  for (const instruction of stage.instructions) {
    const startMs = performance.now()
    await execute(instruction, image, options)
    const seconds = (performance.now() - startMs) / 1000
    if (seconds >= 1) say(`${stage.name}: line ${instruction.line}, ${instruction.kind} took ${seconds.toFixed(1)} s`)
  }
  return image
}

async function execute(instruction: Instruction, image: Draft, options: StageOptions): Promise<void> {
  switch (instruction.kind) {
    case 'copy':
      return copy(instruction, image, options)
    case 'run':
      return runStep(instruction.command, image, options)
    case 'env':
      image.env = new Map([...image.env, ...instruction.values])
      return
    case 'workdir':
      image.directory = instruction.value
      mkdirSync(join(image.root, instruction.value), { recursive: true })
      return
    case 'user':
      image.user = instruction.value
      return
    case 'entrypoint':
      image.entrypoint = instruction.command
      return
    case 'cmd':
      image.command = instruction.command
      return
    case 'healthcheck':
      image.healthcheck = instruction.command
      return
    case 'label':
    case 'expose':
    case 'stopsignal':
      return
  }
}

function copy(instruction: Extract<Instruction, { kind: 'copy' }>, image: Draft, options: StageOptions): void {
  const { line, from, owner, sources, target } = instruction
  const other = from === undefined ? undefined : options.images.get(from)
  if (from !== undefined && !other) throw new Error(`Dockerfile:${line}: there is no stage ${from}`)
  const to = join(image.root, target.startsWith('/') ? target : join(image.directory, target))
  for (const source of sources) {
    const borrowed = other?.borrowed.get(source)
    if (borrowed !== undefined) {
      image.borrowed = new Map([...image.borrowed, [target, borrowed]])
      continue
    }
    const origin = other ? other.root : options.context
    const found = /[*?[]/.test(source) ? globSync(source, { cwd: origin }) : [source]
    for (const name of found) {
      const path = join(origin, name)
      if (!existsSync(path)) throw new Error(`Dockerfile:${line}: ${from ?? 'the context'} has no ${source}`)
      const isDirectory = statSync(path).isDirectory()
      // A directory gives its content, a file itself.
      const place = isDirectory || (!target.endsWith('/') && !existsSync(to)) ? to : join(to, basename(path))
      const isWanted = (each: string): boolean =>
        other !== undefined || !options.isIgnored(relative(options.context, each))
      cpSync(path, place, { recursive: true, verbatimSymlinks: true, filter: isWanted })
      // As Docker: whoever owned it before, it is root's unless --chown says otherwise.
      if (process.getuid?.() === 0) changeOwner(path, place, owner ?? '0:0')
    }
  }
}

/** Of the copies in `copied` of what is in `source`. */
function changeOwner(source: string, copied: string, owner: string): void {
  const entry = lstatSync(copied, { throwIfNoEntry: false })
  if (!entry) return
  const [uid = 0, gid = 0] = owner.split(':').map(Number)
  if (entry.uid !== uid || entry.gid !== gid) lchownSync(copied, uid, gid)
  if (!entry.isDirectory()) return
  for (const name of readdirSync(source)) changeOwner(join(source, name), join(copied, name), owner)
}

async function runStep(command: string, image: Draft, { context }: StageOptions): Promise<void> {
  const npm = realpathSync(npmOnPath())
  const link = join(image.root, 'usr/local/bin/npm')
  mkdirSync(join(image.root, 'usr/local/bin'), { recursive: true })
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(npm, link)
  const npmPackage = join(npm, '../..')
  const isVisible = /^\/usr\/(lib|share)\//.test(npm)
  // Of its own, as BuildKit's cache mounts are: a step that goes astray must not find anything of this machine's to write to.
  const cache = join(context, 'node_modules', '.cache', 'quartet-image')
  mkdirSync(cache, { recursive: true })
  const settings = join(homedir(), '.npmrc')
  const mounts: Mount[] = [
    ...[...image.borrowed].map(([target, source]) => ({ source, target, isReadOnly: true })),
    ...(isVisible ? [] : [{ source: npmPackage, target: npmPackage, isReadOnly: true }]),
    { source: 'tmpfs', target: '/tmp' },
    { source: cache, target: '/root/.npm' },
    ...(existsSync(settings) ? [{ source: settings, target: '/root/.npmrc', isReadOnly: true }] : []),
  ]
  const [program = '', ...args] = inRoot({
    root: image.root,
    mounts,
    user: image.user,
    directory: image.directory,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: image.user.startsWith('0') ? '/root' : '/',
      ...proxySettings(),
      ...npmSettings(),
      ...Object.fromEntries(image.env),
    },
    command: ['sh', '-c', command],
  })
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`RUN ${command}\nended with ${code}:\n${output}`)
}

function proxySettings(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) =>
    /^(https?_proxy|no_proxy|npm_config_registry|node_extra_ca_certs)$/i.test(name),
  )
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']))
}

/**
 * Where packages come from, and by which certificates: some machines have that in npm's global configuration, which npm looks for beside the
 * Node that runs it.
 */
function npmSettings(): Record<string, string> {
  const npm = npmOnPath()
  const beside = join(dirname(npm), 'node')
  const node = existsSync(beside) ? beside : process.execPath
  const settings: Record<string, string> = {}
  for (const key of ['cafile', 'registry']) {
    const { status, stdout, stderr } = spawnSync(node, [realpathSync(npm), 'config', 'get', key], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`npm does not tell its setting ${key}: ${stderr}`)
    const value = stdout.trim()
    if (value !== '' && value !== 'null') settings[`npm_config_${key}`] = value
  }
  return settings
}

/** npm as it is found: the name that leads to it, in the directory of its Node where they were installed together. */
function npmOnPath(): string {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'npm'))
    .find((path) => existsSync(path))
  if (found === undefined) throw new Error('there is no npm on the PATH')
  return found
}

function emptyImage(root: string): Image {
  return {
    root,
    borrowed: new Map(),
    env: new Map(),
    directory: '/',
    user: '0:0',
    entrypoint: [],
    command: [],
    healthcheck: [],
  }
}

/** Bytes of all files of an image, and of the directories right below `/quartet`, the largest first. */
export function sizeOf(image: Image): { bytes: number; parts: readonly { path: string; bytes: number }[] } {
  const borrowed = [...image.borrowed].map(([path, source]) => ({ path, bytes: statSync(source).size }))
  const top = join(image.root, 'quartet')
  const own = readdirSync(top).map((name) => ({ path: `/quartet/${name}`, bytes: bytesBelow(join(top, name)) }))
  const parts = [...borrowed, ...own].sort((left, right) => right.bytes - left.bytes)
  return { bytes: parts.reduce((sum, part) => sum + part.bytes, 0), parts }
}

function bytesBelow(path: string): number {
  const entry = lstatSync(path)
  if (!entry.isDirectory()) return entry.isFile() ? entry.size : 0
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0)
}
