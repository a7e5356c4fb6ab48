import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Collector, CollectorContext } from './collector.ts'
import { fields } from './host-files.ts'

const EXCLUDED_MOUNTS =
  /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/
const EXCLUDED_TYPES =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$/
/** A dead network mount must not hold up the scrape. */
const MOUNT_TIMEOUT_MS = 5000

export interface Mount {
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  readonly isReadOnly: boolean
  readonly major: string
  readonly minor: string
}

export const filesystem: Collector = {
  name: 'filesystem',
  isOnByDefault: true,
  async collect(context) {
    const { files, pattern } = context
    const excludedMounts = pattern('filesystem.mount-points-exclude') ?? EXCLUDED_MOUNTS
    const excludedTypes = pattern('filesystem.fs-types-exclude') ?? EXCLUDED_TYPES
    const own = files.proc('1/mountinfo')
    const text = files.optionalText(own) ?? files.text(files.proc('self/mountinfo'))
    const seen = new Set<string>()
    const mounts = parseMountInfo(text, files.rootfs).filter(({ fstype, mountpoint, device }) => {
      const key = `${device}\0${mountpoint}\0${fstype}`
      if (seen.has(key)) return false // mounted over itself: the last one is what statfs sees
      seen.add(key)
      return !excludedMounts.test(mountpoint) && !excludedTypes.test(fstype)
    })
    await Promise.all(mounts.map((mount) => addMount(context, mount)))
  },
}

async function addMount({ files, page, warn }: CollectorContext, mount: Mount): Promise<void> {
  const { device, fstype, isReadOnly, major, minor, mountpoint } = mount
  const path = files.root(mountpoint)
  const found = await statWithin(path)
  const error = typeof found === 'string' ? found : ''
  const labels = { device, mountpoint, fstype, device_error: error }
  const gauge = (name: string, help: string, value: number): void =>
    page.gauge(`node_filesystem_${name}`, help, value, labels)
  page.gauge('node_filesystem_mount_info', 'Filesystem mount information.', 1, { device, major, minor, mountpoint })
  const errorHelp = 'Whether an error occurred while getting statistics for the given device.'
  gauge('device_error', errorHelp, typeof found === 'string' ? 1 : 0)
  gauge('readonly', 'Filesystem read-only status.', isReadOnly ? 1 : 0)
  if (typeof found === 'string') {
    warn(`filesystem at ${path}: ${found}`)
    return
  }
  gauge('size_bytes', 'Filesystem size in bytes.', found.blocks * found.bsize)
  gauge('free_bytes', 'Filesystem free space in bytes.', found.bfree * found.bsize)
  gauge('avail_bytes', 'Filesystem space available to non-root users in bytes.', found.bavail * found.bsize)
  gauge('files', 'Filesystem total file nodes.', found.files)
  gauge('files_free', 'Filesystem total free file nodes.', found.ffree)
}

/** @returns why not, as text */
async function statWithin(path: string): Promise<StatsFs | string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('mountpoint timeout'), MOUNT_TIMEOUT_MS)
  })
  try {
    return await Promise.race([statfs(path), late])
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    clearTimeout(timer)
  }
}

/** `36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/root rw,errors=continue` */
export function parseMountInfo(text: string, rootfs: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [left = '', right = ''] = line.split(' - ')
    const [, , numbers = '', , point = '', options = ''] = fields(left)
    const [fstype = '', device = '', superOptions = ''] = fields(right)
    if (fstype === '') return []
    const [major = '', minor = ''] = numbers.split(':')
    const isReadOnly = [options, superOptions].some((list) => list.split(',').includes('ro'))
    const mountpoint = withoutPrefix(unescape(point), rootfs)
    return [{ device: unescape(device), mountpoint, fstype, isReadOnly, major, minor }]
  })
}

function withoutPrefix(path: string, rootfs: string): string {
  if (rootfs === '/' || !(path + '/').startsWith(rootfs.replace(/\/*$/, '/'))) return path
  return path.slice(rootfs.replace(/\/+$/, '').length) || '/'
}

/** The kernel writes blanks and backslashes as octal numbers. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
