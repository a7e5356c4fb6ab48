import { spawnSync } from 'node:child_process'

export interface Mount {
  /** On this machine; `tmpfs` is memory. */
  readonly source: string
  /** Absolute, in the new root. */
  readonly target: string
  readonly isReadOnly?: boolean
}

export interface RootOptions {
  /** Becomes `/`. */
  readonly root: string
  /** Whether `root` itself is hidden below an empty file system in memory, of which only the mounts can be seen. */
  readonly isEmpty?: boolean
  readonly isReadOnly?: boolean
  readonly mounts: readonly Mount[]
  /** `uid:gid`; only root can become somebody else. */
  readonly user?: string
  readonly groups?: readonly string[]
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly command: readonly string[]
}

const SYSTEM = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64']
/** For steps that build; what only runs has the loader's cache and can mount what it wants in /etc. */
const SYSTEM_DATA = ['/usr/share', '/etc']
const LOADER = '/etc/ld.so.cache'
const DEVICES = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom']

/**
 * A command that runs another one as a container would: own mounts, own root, own process ids (it is process 1), this machine's
 * network. No Docker, no image; `unshare` and `chroot` do it. Of this machine only the given mounts can be written to.
 * @returns program and arguments
 */
export function inRoot(options: RootOptions): readonly string[] {
  const { root, mounts, user, groups = [], directory, env, command, isEmpty = false, isReadOnly = false } = options
  const isOther = isSuperuser() && user !== undefined
  const chroot = ['chroot', ...(isOther ? [`--userspec=${user}`, `--groups=${groups.join(',')}`] : []), root]
  // Nothing of this machine's environment goes in. The directory comes first: after a NAME=value, env takes it for another.
  const clean = ['/usr/bin/env', '-i', `--chdir=${directory}`, ...Object.entries(env).map((pair) => pair.join('='))]
  const script = [
    'set -e',
    'mount --make-rprivate /',
    READ_ONLY,
    ...(isEmpty ? [`mount -t tmpfs tmpfs ${quote(root)}`] : []),
    ...[...SYSTEM, ...(isEmpty ? [] : SYSTEM_DATA)].map((path) => systemDirectory(root, path)),
    ...(isEmpty ? [bind(root, { source: LOADER, target: LOADER, isReadOnly: true })] : []),
    `mkdir -p ${quote(`${root}/proc`)}; mount -t proc proc ${quote(`${root}/proc`)}`,
    `mkdir -p ${quote(`${root}/dev`)}; mount -t tmpfs -o mode=755 tmpfs ${quote(`${root}/dev`)}`,
    ...DEVICES.map((path) => bind(root, { source: path, target: path })),
    `ln -s /proc/self/fd ${quote(`${root}/dev/fd`)}`,
    ...mounts.map((mount) => bind(root, mount)),
    ...(isReadOnly ? [`mount -o remount,bind,ro ${quote(root)}`] : []),
    // On Debian chroot lies where only root's own PATH leads.
    'PATH="$PATH:/usr/sbin:/sbin"',
    `exec ${[...chroot, ...clean, ...command].map(quote).join(' ')}`,
  ].join('\n')
  const asRoot = isSuperuser() ? [] : ['--map-root-user']
  return ['unshare', ...asRoot, '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script]
}

/** `undefined`, or why {@link inRoot} cannot work here. */
export function whyNoRoots(): string | undefined {
  const asRoot = isSuperuser() ? [] : ['--map-root-user']
  const attempt = 'mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mount -t proc proc /mnt'
  const args = [...asRoot, '--mount', '--pid', '--fork', 'sh', '-c', attempt]
  const { error, status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  if (error) return `no unshare on this machine: ${error.message}`
  return status === 0 ? undefined : `no mount namespaces on this machine: ${stderr.trim()}`
}

function isSuperuser(): boolean {
  return process.getuid?.() === 0
}

/** With all that is mounted below: an error in a step must not reach this machine through a submount. */
const READ_ONLY = `read_only() {
  awk -v top="$1" '$5 == top || index($5, top "/") == 1 { print $5 }' /proc/self/mountinfo | while read -r place; do
    mount -o remount,bind,ro "$place"
  done
}`

function systemDirectory(root: string, path: string): string {
  const mount = bind(root, { source: path, target: path, isReadOnly: true })
  const link = `ln -sfn "$(readlink ${path})" ${quote(root + path)}`
  return `if [ -L ${path} ]; then ${link}; elif [ -d ${path} ]; then ${mount}; fi`
}

function bind(root: string, { source, target, isReadOnly = false }: Mount): string {
  const [from, to] = [quote(source), quote(root + target)]
  if (source === 'tmpfs') return `mkdir -p ${to}; mount -t tmpfs -o mode=1777 tmpfs ${to}`
  const file = `mkdir -p "$(dirname ${to})"; [ -e ${to} ] || touch ${to}`
  const place = `if [ -d ${from} ]; then mkdir -p ${to}; else ${file}; fi`
  return `${place}; mount --rbind ${from} ${to}${isReadOnly ? `; read_only ${to}` : ''}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
