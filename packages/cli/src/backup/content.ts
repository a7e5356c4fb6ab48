import type { FileSystem } from '@quartet/storage'
import { createHash } from 'node:crypto'
import { BackupError } from './object-store.ts'
import type { ObjectContent, ObjectStore } from './object-store.ts'

const CHUNK_BYTES = 1 << 20

/** Bytes [0, sizeBytes) of a file. A chunk is valid until the next one is asked for. */
export async function* readFileChunks(
  fileSystem: FileSystem,
  path: string,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  const file = await fileSystem.open(path, 'read')
  try {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes))
    for (let at = 0; at < sizeBytes;) {
      const count = await file.readAt(buffer.subarray(0, Math.min(buffer.length, sizeBytes - at)), at)
      if (count === 0) throw new BackupError(`${path} is shorter than the ${sizeBytes} bytes that it had`)
      yield buffer.subarray(0, count)
      at += count
    }
  } finally {
    await file.close()
  }
}

export async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

/**
 * The chunks as they come; ends with an error when they are not what they should be.
 * @throws BackupError
 */
export async function* checked(
  name: string,
  expected: Pick<ObjectContent, 'sizeBytes' | 'sha256'>,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of chunks) {
    hash.update(chunk)
    sizeBytes += chunk.length
    yield chunk
  }
  if (sizeBytes !== expected.sizeBytes) {
    throw new BackupError(`${name} has ${sizeBytes} bytes instead of ${expected.sizeBytes}`)
  }
  const actual = hash.digest('hex')
  if (actual !== expected.sha256) throw new BackupError(`${name} is damaged: its SHA-256 is ${actual}`)
}

export function bytesContent(bytes: Uint8Array): ObjectContent {
  return {
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *read() {
      yield bytes
    },
  }
}

/** A small object's text. @throws BackupError when it is larger than `maxBytes` · ObjectMissingError */
export async function readText(store: ObjectStore, key: string, maxBytes = 256 << 20): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of store.read(key)) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw new BackupError(`${key} is larger than ${maxBytes} bytes`)
    chunks.push(Uint8Array.from(chunk))
  }
  return Buffer.concat(chunks).toString('utf8')
}
