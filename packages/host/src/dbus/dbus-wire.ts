/**
 * Values of D-Bus as JavaScript has them: numbers (64 bits as bigint), booleans, strings, arrays for arrays and structs. Variants
 * are read as their value and written as `[signature, value]`. Little-endian only, which the sender chooses.
 * Source: D-Bus specification 0.41, "Marshaling (Wire Format)".
 */
export type DbusValue = number | bigint | boolean | string | readonly DbusValue[]

const ALIGNMENT: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  s: 4,
  o: 4,
  a: 4,
  x: 8,
  t: 8,
  d: 8,
  '(': 8,
  '{': 8,
}
/** Far beyond what any method here answers. */
const MAX_DEPTH = 32

export class DbusWireError extends Error {
  override name = 'DbusWireError'
}

/** The complete types of a signature, one after the other: `a(su)s` → `a(su)`, `s`. */
export function splitSignature(signature: string): string[] {
  const types: string[] = []
  for (let start = 0; start < signature.length;) {
    const end = endOfType(signature, start)
    types.push(signature.slice(start, end))
    start = end
  }
  return types
}

function endOfType(signature: string, start: number): number {
  let at = start
  while (signature[at] === 'a') at++
  const open = signature[at]
  if (open === undefined) throw new DbusWireError(`signature ${signature} ends early`)
  if (open !== '(' && open !== '{') return at + 1
  let depth = 0
  for (; at < signature.length; at++) {
    if ('({'.includes(signature[at]!)) depth++
    else if (')}'.includes(signature[at]!) && --depth === 0) return at + 1
  }
  throw new DbusWireError(`signature ${signature} is not closed`)
}

export class DbusReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get position(): number {
    return this.#at
  }

  align(size: number): void {
    this.#at = Math.ceil(this.#at / size) * size
  }

  /** @throws DbusWireError on what is no value of the type */
  read(type: string, depth = 0): DbusValue {
    const kind = type[0] ?? ''
    const alignment = ALIGNMENT[kind]
    if (alignment === undefined || depth > MAX_DEPTH) throw new DbusWireError(`type ${type} cannot be read`)
    this.align(alignment)
    switch (kind) {
      case 'y':
        return this.#bytes.readUInt8(this.#move(1))
      case 'b':
        return this.#bytes.readUInt32LE(this.#move(4)) !== 0
      case 'n':
        return this.#bytes.readInt16LE(this.#move(2))
      case 'q':
        return this.#bytes.readUInt16LE(this.#move(2))
      case 'i':
        return this.#bytes.readInt32LE(this.#move(4))
      case 'u':
        return this.#bytes.readUInt32LE(this.#move(4))
      case 'x':
        return this.#bytes.readBigInt64LE(this.#move(8))
      case 't':
        return this.#bytes.readBigUInt64LE(this.#move(8))
      case 'd':
        return this.#bytes.readDoubleLE(this.#move(8))
      case 's':
      case 'o':
        return this.#text(this.#bytes.readUInt32LE(this.#move(4)))
      case 'g':
        return this.#text(this.#bytes.readUInt8(this.#move(1)))
      case 'v':
        return this.read(this.#text(this.#bytes.readUInt8(this.#move(1))), depth + 1)
      case 'a':
        return this.#array(type.slice(1), depth)
      default:
        return splitSignature(type.slice(1, -1)).map((member) => this.read(member, depth + 1))
    }
  }

  #array(element: string, depth: number): DbusValue[] {
    const size = this.#bytes.readUInt32LE(this.#move(4))
    this.align(ALIGNMENT[element[0] ?? ''] ?? 1)
    const end = this.#at + size
    if (end > this.#bytes.length) throw new DbusWireError('an array goes beyond its message')
    const values: DbusValue[] = []
    while (this.#at < end) values.push(this.read(element, depth + 1))
    return values
  }

  /** Strings end with a zero byte that their length does not count. */
  #text(size: number): string {
    const start = this.#move(size + 1)
    return this.#bytes.toString('utf8', start, start + size)
  }

  #move(size: number): number {
    const start = this.#at
    if (start + size > this.#bytes.length) throw new DbusWireError('a message ends early')
    this.#at += size
    return start
  }
}

export class DbusWriter {
  #parts: Buffer[] = []
  #length = 0

  align(size: number): void {
    const missing = (size - (this.#length % size)) % size
    if (missing > 0) this.#add(Buffer.alloc(missing))
  }

  write(type: string, value: DbusValue): this {
    const kind = type[0] ?? ''
    const alignment = ALIGNMENT[kind]
    if (alignment === undefined) throw new DbusWireError(`type ${type} cannot be written`)
    this.align(alignment)
    if (kind === 'y') this.#add(Buffer.from([Number(value)]))
    else if (kind === 'u' || kind === 'b') this.#uint32(Number(value))
    else if (kind === 't') this.#uint64(BigInt(value as bigint))
    else if (kind === 's' || kind === 'o') {
      const bytes = Buffer.from(`${value as string}\0`)
      this.#uint32(bytes.length - 1)
      this.#add(bytes)
    } else if (kind === 'g') this.#signature(String(value))
    else if (kind === 'v') {
      const [signature, inner] = value as [string, DbusValue]
      this.#signature(signature)
      this.write(signature, inner)
    } else if (kind === 'a') this.#array(type.slice(1), value as readonly DbusValue[])
    else if (kind === '(' || kind === '{') {
      const members = splitSignature(type.slice(1, -1))
      for (const [index, member] of members.entries()) this.write(member, (value as readonly DbusValue[])[index]!)
    } else throw new DbusWireError(`type ${type} cannot be written`)
    return this
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #array(element: string, values: readonly DbusValue[]): void {
    const size = Buffer.alloc(4)
    this.#add(size)
    this.align(ALIGNMENT[element[0] ?? ''] ?? 1)
    const start = this.#length
    for (const value of values) this.write(element, value)
    size.writeUInt32LE(this.#length - start)
  }

  #signature(text: string): void {
    const bytes = Buffer.from(`${text}\0`)
    this.#add(Buffer.from([bytes.length - 1]))
    this.#add(bytes)
  }

  #uint32(value: number): void {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    this.#add(bytes)
  }

  #uint64(value: bigint): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value)
    this.#add(bytes)
  }

  #add(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#length += bytes.length
  }
}
