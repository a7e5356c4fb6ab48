import type { Clock } from '@quartet/runtime'
import { checked } from './content.ts'
import { BackupError, ObjectMissingError } from './object-store.ts'
import type { ObjectContent, ObjectStore, StoredObject } from './object-store.ts'
import { elementOf, elementsOf, MAX_ATTEMPTS, S3Client, S3Error } from './s3-client.ts'
import type { S3Location } from './s3-location.ts'

const MIB = 1 << 20
/** Up to here an object goes in one request. */
const SINGLE_BYTES = 8 * MIB
/** S3 takes parts of 5 MiB to 5 GiB, at most 10 000 of them. */
const MAX_PARTS = 10_000

/** Objects in a bucket. An upload holds one part in memory; half of one is never seen by anybody. */
export class S3Store implements ObjectStore {
  readonly location: string
  readonly #prefix: string
  readonly #client: S3Client
  #large: Promise<void> = Promise.resolve()

  constructor(location: S3Location, services: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.location = `s3://${location.bucket}/${location.prefix}`.replace(/\/$/, '')
    this.#prefix = location.prefix
    this.#client = new S3Client(location, services)
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    let token: string | undefined
    do {
      const { text } = await this.#client.sendForText({
        method: 'GET',
        key: '',
        query: {
          'list-type': '2',
          prefix: this.#prefix + prefix,
          ...(token !== undefined && { 'continuation-token': token }),
        },
      })
      for (const content of elementsOf(text, 'Contents')) {
        const key = elementOf(content, 'Key')
        const sizeBytes = Number(elementOf(content, 'Size'))
        if (key === undefined || Number.isNaN(sizeBytes))
          throw new BackupError(`${this.location}: not a list of objects`)
        yield { key: key.slice(this.#prefix.length), sizeBytes }
      }
      token = elementOf(text, 'IsTruncated') === 'true' ? elementOf(text, 'NextContinuationToken') : undefined
    } while (token !== undefined)
  }

  /** Goes on where a connection broke. */
  async *read(key: string, range?: { start: number; end: number }): AsyncGenerator<Uint8Array> {
    let offset = range?.start ?? 0
    if (range && range.end <= offset) return
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#open(key, offset, range?.end)
        for await (const chunk of response.body ?? []) {
          yield chunk
          offset += chunk.length
          attempt = 1
        }
        return
      } catch (error) {
        if (error instanceof BackupError || error instanceof ObjectMissingError || attempt === MAX_ATTEMPTS) throw error
        await this.#client.pause(attempt)
      }
    }
  }

  async #open(key: string, offset: number, end: number | undefined): Promise<Response> {
    const headers: Record<string, string> =
      offset === 0 && end === undefined ? {} : { range: `bytes=${offset}-${end === undefined ? '' : end - 1}` }
    try {
      return await this.#client.send({ method: 'GET', key: this.#prefix + key, headers })
    } catch (error) {
      if (error instanceof S3Error && error.status === 404 && error.code === 'NoSuchKey')
        throw new ObjectMissingError(key)
      // Everything was there before the connection broke.
      if (error instanceof S3Error && error.status === 416) return new Response()
      throw error
    }
  }

  async write(key: string, content: ObjectContent): Promise<void> {
    const full = this.#prefix + key
    if (content.sizeBytes > SINGLE_BYTES) {
      // One at a time: each holds parts in memory, and one is enough to fill a line.
      const turn = this.#large.then(() => this.#writeParts(full, key, content))
      this.#large = turn.catch(() => undefined)
      return turn
    }
    const body = new Uint8Array(content.sizeBytes)
    let filled = 0
    for await (const chunk of checked(key, content, content.read())) {
      if (filled + chunk.length <= body.length) body.set(chunk, filled)
      filled += chunk.length
    }
    await this.#client.sendForText({ method: 'PUT', key: full, body })
  }

  async remove(key: string): Promise<void> {
    await this.#client.sendForText({ method: 'DELETE', key: this.#prefix + key })
  }

  async #writeParts(full: string, key: string, content: ObjectContent): Promise<void> {
    const { text } = await this.#client.sendForText({ method: 'POST', key: full, query: { uploads: '' } })
    const uploadId = elementOf(text, 'UploadId')
    if (uploadId === undefined) throw new BackupError(`${this.#client.describe(full)}: no multipart upload was begun`)
    try {
      const tags: string[] = []
      for await (const part of partsOf(checked(key, content, content.read()), partBytes(content.sizeBytes))) {
        const query = { partNumber: String(tags.length + 1), uploadId }
        const { headers } = await this.#client.sendForText({ method: 'PUT', key: full, query, body: part })
        tags.push(headers.get('etag') ?? '')
      }
      await this.#complete(full, key, uploadId, { tags, sizeBytes: content.sizeBytes })
    } catch (error) {
      // Parts that stay would cost money and be seen by nobody.
      await this.#client.sendForText({ method: 'DELETE', key: full, query: { uploadId } }).catch(() => undefined)
      throw error
    }
  }

  async #complete(
    full: string,
    key: string,
    uploadId: string,
    sent: { readonly tags: readonly string[]; readonly sizeBytes: number },
  ): Promise<void> {
    const parts = sent.tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const request = { method: 'POST', key: full, query: { uploadId }, body } as const
    try {
      await this.#client.retry(`POST ${this.#client.describe(full)}`, async () => {
        const { text } = await this.#client.sendForText(request)
        // S3 answers 200 before it knows whether the parts can be put together.
        if (/<Error>/.test(text)) throw new S3Error(`could not be put together: ${elementOf(text, 'Message')}`, 500, '')
      })
    } catch (error) {
      // The answer to an earlier try may have been lost.
      if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error
      for await (const found of this.list(key)) if (found.key === key && found.sizeBytes === sent.sizeBytes) return
      throw error
    }
  }
}

/** The smallest whole number of MiB, from 8 on, with which the object has few enough parts. */
export function partBytes(sizeBytes: number): number {
  return Math.max(8 * MIB, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB)
}

/** The chunks as parts of one size, in a buffer that is used again for the next. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const part = new Uint8Array(sizeBytes)
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const count = Math.min(part.length - filled, chunk.length - at)
      part.set(chunk.subarray(at, at + count), filled)
      filled += count
      at += count
      if (filled < part.length) continue
      yield part
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}
