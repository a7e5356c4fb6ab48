import { ProtoReader, readLabelPair } from '@quartet/model'
import type { Label, LabelRange, Labels } from '@quartet/model'

const range: LabelRange = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 }

/** @throws WireError unless the bytes are label messages */
export function checkLabels(bytes: Uint8Array, start: number, end: number): void {
  const reader = new ProtoReader(bytes, start, end)
  while (readLabelPair(reader, range));
}

/** The labels in the order in which they were sent. */
export function readLabels(bytes: Uint8Array, start: number, end: number): Labels {
  const reader = new ProtoReader(bytes, start, end)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const labels: Label[] = []
  while (readLabelPair(reader, range)) {
    labels.push([
      text.toString('utf8', range.nameStart, range.nameEnd),
      text.toString('utf8', range.valueStart, range.valueEnd),
    ])
  }
  return labels
}
