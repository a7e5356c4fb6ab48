import { labelsFromPairs, labelsKey, ProtoWriter } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import type { LogEntry } from './receiver.ts'

/** Labels whose names begin so are for components only and never leave the collector. */
const RESERVED_PREFIX = '__'

/**
 * `logproto.PushRequest` in protobuf. Two requests are merged by concatenating their bytes; Loki puts streams with equal labels
 * together. Reserved labels are left out, external ones added where the entry has none of the name.
 */
export function encodePushRequest(entries: readonly LogEntry[], externalLabels: Labels): Uint8Array {
  const streams = new Map<string, LogEntry[]>()
  for (const entry of entries) {
    const key = labelsKey(entry.labels)
    const stream = streams.get(key)
    if (stream) stream.push(entry)
    else streams.set(key, [entry])
  }
  const writer = new ProtoWriter()
  for (const stream of streams.values()) {
    const outer = writer.begin(1)
    writer.string(1, formatLabels(sentLabels(stream[0].labels, externalLabels)))
    for (const entry of stream) writeEntry(writer, entry)
    writer.finish(outer)
  }
  return writer.toBytes()
}

function writeEntry(writer: ProtoWriter, { timestampNs, line, metadata }: LogEntry): void {
  const entry = writer.begin(2)
  const time = writer.begin(1)
  writer.int64(1, timestampNs / 1_000_000_000n).uint(2, Number(timestampNs % 1_000_000_000n))
  writer.finish(time)
  writer.string(2, line)
  for (const [name, value] of metadata) {
    const pair = writer.begin(3)
    writer.string(1, name).string(2, value)
    writer.finish(pair)
  }
  writer.finish(entry)
}

function sentLabels(labels: Labels, externalLabels: Labels): Labels {
  return labelsFromPairs([...externalLabels, ...labels].filter(([name]) => !name.startsWith(RESERVED_PREFIX)))
}

/** `{job="a", host="b"}`. */
function formatLabels(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quoteGo(value)}`).join(', ')}}`
}
