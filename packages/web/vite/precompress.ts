import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const minimumBytes = 1024
const compressible = /\.(js|css|svg|json|map|txt)$/

/** Writes `.br` and `.gz` beside every compressible file of dist/public, so that the server never compresses them. */
export function precompress(): Plugin {
  return {
    name: 'quartet:precompress',
    apply: 'build',
    async writeBundle(options) {
      const root = join(options.dir ?? 'dist', 'public')
      for (const name of await readdir(root, { recursive: true })) {
        const path = join(root, name)
        if (!compressible.test(name) || (await stat(path)).size < minimumBytes) continue
        const bytes = await readFile(path)
        await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }))
        const params = { [constants.BROTLI_PARAM_QUALITY]: 8, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
        await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }))
      }
    },
  }
}
