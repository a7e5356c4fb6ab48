import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

const STATES = ['active', 'check', 'inactive', 'recovering', 'resync'] as const
type State = (typeof STATES)[number]

interface Array {
  readonly device: string
  readonly state: State
  readonly disks: { readonly active: number; readonly failed: number; readonly spare: number }
  readonly required: number
  readonly blocks: number
  readonly blocksSynced: number
}

export const mdadm: Collector = {
  name: 'mdadm',
  isOnByDefault: true,
  collect({ files, page }) {
    for (const { blocks, blocksSynced, device, disks, required, state } of parseMdstat(
      files.text(files.proc('mdstat')),
    )) {
      for (const each of STATES) {
        const labels = { device, state: each }
        page.gauge('node_md_state', 'Indicates the state of md-device.', each === state ? 1 : 0, labels)
      }
      for (const [kind, count] of Object.entries(disks)) {
        const labels = { device, state: kind }
        page.gauge('node_md_disks', 'Number of active/failed/spare disks of device.', count, labels)
      }
      page.gauge('node_md_disks_required', 'Total number of disks of device.', required, { device })
      page.gauge('node_md_blocks', 'Total number of blocks on device.', blocks, { device })
      page.gauge('node_md_blocks_synced', 'Number of blocks synced on device.', blocksSynced, { device })
    }
    for (const device of files.names(files.sys('block')).filter((name) => /^md\d+/.test(name))) {
      const read = (name: string): number | undefined => files.optionalNumber(files.sys('block', device, 'md', name))
      const [degraded, disks] = [read('degraded'), read('raid_disks')]
      if (disks !== undefined) page.gauge('node_md_raid_disks', 'Number of raid disks on device.', disks, { device })
      if (degraded !== undefined)
        page.gauge('node_md_degraded', 'Number of degraded disks on device.', degraded, { device })
    }
  },
}

export function parseMdstat(text: string): Array[] {
  const blocks = text.split(/\n(?=\S)/).filter((block) => /^md\S* : /.test(block))
  return blocks.map((block): Array => {
    const [head = '', status = '', ...rest] = block.split('\n')
    const sync = rest.find((line) => /recovery|resync|check/.test(line)) ?? ''
    const size = Number(fields(status)[0])
    const { active, required } = countDisks(head, status)
    return {
      device: fields(head)[0]!,
      state: stateOf(head, sync),
      disks: { active, failed: head.split('(F)').length - 1, spare: head.split('(S)').length - 1 },
      required,
      blocks: size,
      blocksSynced: syncedOf(sync, size),
    }
  })
}

function countDisks(head: string, status: string): { active: number; required: number } {
  if (/\b(raid0|linear)\b/.test(head)) {
    const count = head.split('[').length - 1
    return { active: count, required: count }
  }
  const [, required = 0, active = 0] = (/inactive/.test(head) ? undefined : /\[(\d+)\/(\d+)\]/.exec(status)) ?? []
  return { active: Number(active), required: Number(required) }
}

function stateOf(head: string, sync: string): State {
  if (sync.includes('recovery')) return 'recovering'
  if (sync.includes('check')) return 'check'
  if (sync.includes('resync')) return 'resync'
  return / : inactive/.test(head) ? 'inactive' : 'active'
}

/** All blocks when nothing is going on; none when it has yet to begin. */
function syncedOf(sync: string, size: number): number {
  if (sync === '') return size
  return /PENDING|DELAYED/.test(sync) ? 0 : Number(/\((\d+)\/\d+\)/.exec(sync)?.[1] ?? 0)
}
