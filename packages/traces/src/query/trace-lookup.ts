import { ProtoReader, ProtoWriter } from '@quartet/model'
import type { RawGroup, RawSpan, SpanSegment } from '@quartet/model'

/**
 * A trace as protobuf (Tempo's `Trace`, the same on the wire as TracesData), with every span as it was received. Spans sent
 * twice are there once; resources and scopes are in the order of their first span, spans by their start.
 * @returns undefined when no segment has it
 */
export async function lookUpTrace(segments: readonly SpanSegment[], id: Uint8Array): Promise<Uint8Array | undefined> {
  const spans = new Map<string, LocatedSpan>()
  for (const segment of segments) {
    const trace = await segment.findTrace(id)
    if (trace < 0) continue
    for (const raw of await segment.rawTrace(trace)) {
      const span = locate(raw)
      if (!spans.has(span.key)) spans.set(span.key, span)
    }
  }
  return spans.size === 0 ? undefined : writeTrace([...spans.values()])
}

interface LocatedSpan {
  readonly raw: RawSpan
  readonly startNs: bigint
  readonly key: string
}

/** Reads the few fields that order and tell spans apart. */
function locate(raw: RawSpan): LocatedSpan {
  const reader = new ProtoReader(raw.span)
  let startNs = 0n
  let kind = 0
  let id = ''
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 2) id = Buffer.from(reader.subarray()).toString('latin1')
    else if (field === 6) kind = reader.uint32()
    else if (field === 7) startNs = reader.fixed64()
    else reader.skip()
  }
  return { raw, startNs, key: `${kind}/${id}` }
}

function writeTrace(spans: LocatedSpan[]): Uint8Array {
  spans.sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0))
  const resources = groupBy(spans, ({ raw }) => raw.resource)
  const writer = new ProtoWriter(64 << 10)
  for (const { group, members } of resources) {
    const start = writer.begin(1)
    if (group.message.length > 0) writer.bytes(1, group.message)
    for (const scope of groupBy(members, ({ raw }) => raw.scope)) {
      const scopeStart = writer.begin(2)
      if (scope.group.message.length > 0) writer.bytes(1, scope.group.message)
      for (const { raw } of scope.members) writer.bytes(2, raw.span)
      if (scope.group.schemaUrl.length > 0) writer.bytes(3, scope.group.schemaUrl)
      writer.finish(scopeStart)
    }
    if (group.schemaUrl.length > 0) writer.bytes(3, group.schemaUrl)
    writer.finish(start)
  }
  return writer.toBytes()
}

function groupBy(
  spans: readonly LocatedSpan[],
  groupOf: (span: LocatedSpan) => RawGroup,
): readonly { group: RawGroup; members: LocatedSpan[] }[] {
  const groups = new Map<string, { group: RawGroup; members: LocatedSpan[] }>()
  for (const span of spans) {
    const group = groupOf(span)
    // By content: equal groups of different segments are different objects.
    const key = `${latin1(group.message)}\0${latin1(group.schemaUrl)}`
    const found = groups.get(key)
    if (found === undefined) groups.set(key, { group, members: [span] })
    else found.members.push(span)
  }
  return [...groups.values()]
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
