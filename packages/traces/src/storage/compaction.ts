import { OtlpTracesReader, ProtoWriter } from '@quartet/model'
import type { RawGroup, RawSpan } from '@quartet/model'
import type { BlockSegment } from './block-segment.ts'
import { Head } from './head.ts'

/** Blocks are merged until they have about this many spans; merging holds them in memory. */
const TARGET_SPANS = 150_000
const MIN_BLOCKS = 4

/**
 * The first run of at least four neighbours in time that together are not too large.
 * @param blocks ordered by the time where they begin
 */
export function selectCompaction<B extends { readonly meta: object }>(blocks: readonly B[]): readonly B[] {
  let run: B[] = []
  let spans = 0
  for (const block of blocks) {
    const { spanCount } = block.meta as { spanCount?: number }
    const count = spanCount ?? TARGET_SPANS
    if (spans + count > TARGET_SPANS) {
      if (run.length >= MIN_BLOCKS) return run
      run = []
      spans = 0
    }
    if (count > TARGET_SPANS / 2) continue
    run.push(block)
    spans += count
  }
  return run.length >= MIN_BLOCKS ? run : []
}

/** A head with the spans of all segments, each as it was received. Reading a page yields to the event loop. */
export async function mergeBlocks(segments: readonly BlockSegment[], nowMs: number): Promise<Head> {
  const head = new Head(nowMs)
  const reader = new OtlpTracesReader()
  const writer = new ProtoWriter(1 << 17)
  for (const segment of segments) {
    for await (const spans of segment.rawPages()) {
      writer.reset()
      writeSpans(writer, spans)
      head.apply(reader.read(writer.view()))
    }
  }
  return head
}

function writeSpans(writer: ProtoWriter, spans: readonly RawSpan[]): void {
  for (let from = 0; from < spans.length;) {
    const { resource, scope } = spans[from]
    let to = from
    while (to < spans.length && spans[to].resource === resource && spans[to].scope === scope) to++
    const start = writer.begin(1)
    writeGroup(writer, resource, () => {
      const scopeStart = writer.begin(2)
      writeGroup(writer, scope, () => {
        for (let index = from; index < to; index++) writer.bytes(2, spans[index].span)
      })
      writer.finish(scopeStart)
    })
    writer.finish(start)
    from = to
  }
}

/** ResourceSpans and ScopeSpans alike: the group in field 1, its members, the schema URL in field 3. */
function writeGroup(writer: ProtoWriter, group: RawGroup, writeMembers: () => void): void {
  if (group.message.length > 0) writer.bytes(1, group.message)
  writeMembers()
  if (group.schemaUrl.length > 0) writer.bytes(3, group.schemaUrl)
}
