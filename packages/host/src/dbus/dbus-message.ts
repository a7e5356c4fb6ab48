import { DbusReader, DbusWriter, splitSignature } from './dbus-wire.ts'
import type { DbusValue } from './dbus-wire.ts'

export const CALL = 1
export const REPLY = 2
export const ERROR = 3

/** Header fields by number. */
const FIELDS = [
  ['path', 1, 'o'],
  ['interface', 2, 's'],
  ['member', 3, 's'],
  ['errorName', 4, 's'],
  ['replySerial', 5, 'u'],
  ['destination', 6, 's'],
  ['sender', 7, 's'],
  ['signature', 8, 'g'],
] as const
type Field = (typeof FIELDS)[number][0]

export interface DbusMessage {
  readonly type: number
  readonly serial: number
  readonly fields: Readonly<Partial<Record<Field, string | number>>>
  readonly body: readonly DbusValue[]
}

/** Before the fields: byte order, type, flags, version, size of the body, serial, size of the fields. */
const FIXED_BYTES = 16
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

export function writeMessage({ body, fields, serial, type }: DbusMessage): Buffer {
  const content = new DbusWriter()
  const types = splitSignature(String(fields.signature ?? ''))
  for (const [index, each] of types.entries()) content.write(each, body[index]!)
  const bodyBytes = content.bytes()
  const header = new DbusWriter()
  for (const byte of [0x6c, type, 0, 1]) header.write('y', byte)
  header.write('u', bodyBytes.length).write('u', serial)
  const given = FIELDS.flatMap(([name, number, signature]): DbusValue[] => {
    const value = fields[name]
    return value === undefined ? [] : [[number, [signature, value]]]
  })
  header.write('a(yv)', given).align(8)
  return Buffer.concat([header.bytes(), bodyBytes])
}

/** @returns the first message and how many bytes it had, or `undefined` when it is not all there */
export function readMessage(bytes: Buffer): { message: DbusMessage; size: number } | undefined {
  if (bytes.length < FIXED_BYTES) return undefined
  const [bodySize, fieldsSize] = [bytes.readUInt32LE(4), bytes.readUInt32LE(12)]
  const bodyStart = Math.ceil((FIXED_BYTES + fieldsSize) / 8) * 8
  const size = bodyStart + bodySize
  if (bytes[0] !== 0x6c || size > MAX_MESSAGE_BYTES) throw new Error('this is no message that can be read')
  if (bytes.length < size) return undefined
  const header = new DbusReader(bytes.subarray(0, bodyStart), 12)
  const fields: Partial<Record<Field, string | number>> = {}
  for (const [number, value] of header.read('a(yv)') as [number, string | number][]) {
    const known = FIELDS.find(([, each]) => each === number)
    if (known) fields[known[0]] = value
  }
  const reader = new DbusReader(bytes.subarray(bodyStart, size))
  const body = splitSignature(String(fields.signature ?? '')).map((type) => reader.read(type))
  return { message: { type: bytes[1]!, serial: bytes.readUInt32LE(8), fields, body }, size }
}
