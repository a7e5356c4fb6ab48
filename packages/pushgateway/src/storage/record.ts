import { ProtoReader, ProtoWriter, readDelimitedFamilies, WireError, writeDelimitedFamilies } from '@quartet/model'
import type { FamilyLabel, MetricFamily } from '@quartet/model'
import type { MetricGroup, StoredFamily } from './metric-group.ts'

/** A change of the stored groups; byte layout in docs/format/wal.md. */
export type Change =
  | {
      readonly kind: 'push'
      readonly replace: boolean
      readonly labels: readonly FamilyLabel[]
      readonly timeNs: bigint
      readonly families: readonly MetricFamily[]
    }
  | { readonly kind: 'failure'; readonly labels: readonly FamilyLabel[]; readonly timeNs: bigint }
  | { readonly kind: 'delete'; readonly labels: readonly FamilyLabel[] }
  | { readonly kind: 'wipe' }
  /** Everything there is: what came before it does not matter any more. */
  | { readonly kind: 'snapshot'; readonly groups: readonly MetricGroup[] }

const KINDS = ['push', 'failure', 'delete', 'wipe', 'snapshot'] as const

export function encodeChange(change: Change): Uint8Array {
  const writer = new ProtoWriter()
  writer.uint(1, KINDS.indexOf(change.kind) + 1)
  switch (change.kind) {
    case 'push':
      writer.bool(2, change.replace)
      writeLabels(writer, 3, change.labels)
      writer.fixed64(4, change.timeNs)
      writer.bytes(5, writeDelimitedFamilies(change.families).view())
      break
    case 'failure':
      writeLabels(writer, 3, change.labels)
      writer.fixed64(4, change.timeNs)
      break
    case 'delete':
      writeLabels(writer, 3, change.labels)
      break
    case 'wipe':
      break
    case 'snapshot':
      for (const group of change.groups) writeGroup(writer, group)
  }
  return writer.toBytes()
}

function writeGroup(writer: ProtoWriter, { families, labels }: MetricGroup): void {
  const start = writer.begin(6)
  writeLabels(writer, 3, labels)
  for (const { family, pushedNs } of families.values()) {
    const at = writer.begin(7)
    writer
      .fixed64(4, pushedNs)
      .bytes(5, writeDelimitedFamilies([family]).view())
      .finish(at)
  }
  writer.finish(start)
}

/** @throws WireError */
export function decodeChange(record: Uint8Array): Change {
  const reader = new ProtoReader(record)
  const fields = readFields(reader)
  const kind = KINDS[fields.kind - 1]
  const { families, groups, labels, replace, timeNs } = fields
  switch (kind) {
    case 'push':
      return { kind, replace, labels, timeNs, families }
    case 'failure':
      return { kind, labels, timeNs }
    case 'delete':
      return { kind, labels }
    case 'wipe':
      return { kind }
    case 'snapshot':
      return { kind, groups }
    case undefined:
      throw new WireError(`change of unknown kind ${fields.kind}`, 0)
  }
}

interface Fields {
  kind: number
  replace: boolean
  labels: FamilyLabel[]
  timeNs: bigint
  families: MetricFamily[]
  groups: MetricGroup[]
  entries: StoredFamily[]
}

/** All messages of a record share their field numbers, so one reader does. */
function readFields(reader: ProtoReader): Fields {
  const fields: Fields = { kind: 0, replace: false, labels: [], timeNs: 0n, families: [], groups: [], entries: [] }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) fields.kind = reader.uint32()
    else if (field === 2) fields.replace = reader.bool()
    else if (field === 3) fields.labels.push(readLabel(reader))
    else if (field === 4) fields.timeNs = reader.fixed64()
    else if (field === 5) fields.families = [...readDelimitedFamilies(reader.subarray()).values()]
    else if (field === 6) {
      const { entries, labels } = readNested(reader)
      fields.groups.push({ labels, families: new Map(entries.map((entry) => [entry.family.name, entry])) })
    } else if (field === 7) {
      const { families, timeNs } = readNested(reader)
      fields.entries.push(...families.map((family) => ({ family, pushedNs: timeNs })))
    } else reader.skip()
  }
  return fields
}

function readNested(reader: ProtoReader): Fields {
  const end = reader.enter()
  const fields = readFields(reader)
  reader.leave(end)
  return fields
}

function writeLabels(writer: ProtoWriter, field: number, labels: readonly FamilyLabel[]): void {
  for (const { name, value } of labels) {
    const start = writer.begin(field)
    writer.string(1, name).string(2, value).finish(start)
  }
}

function readLabel(reader: ProtoReader): FamilyLabel {
  const end = reader.enter()
  let [name, value] = ['', '']
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) value = reader.string()
    else reader.skip()
  }
  reader.leave(end)
  return { name, value }
}
