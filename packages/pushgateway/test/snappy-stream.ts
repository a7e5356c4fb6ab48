import { crc32c } from '@quartet/storage'
import { compress } from 'snappy'

/** What `snzip` writes: the stream identifier and one compressed chunk. */
export async function snappyStream(plain: Buffer): Promise<Buffer> {
  const block = Buffer.from(await compress(plain))
  const head = Buffer.alloc(8)
  head.writeUIntLE(block.length + 4, 1, 3)
  const crc = crc32c(plain)
  head.writeUInt32LE((((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) & 0xffffffff) >>> 0, 4)
  return Buffer.concat([Buffer.from([0xff, 6, 0, 0]), Buffer.from('sNaPpY'), head, block])
}
