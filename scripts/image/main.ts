import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildImage, sizeOf } from './build-image.ts'
import { whyNoRoots } from './root.ts'

const USAGE = `node scripts/image/main.ts [--target DIR] [--take browser=.]

Executes the steps of the Dockerfile in a clean directory, without Docker, and prints how large the result is.
  --target DIR        keeps the stages there, else they are removed
  --take STAGE=ROOT   does not run a stage; what is copied from it (/quartet/…) is taken from ROOT/quartet`

const context = fileURLToPath(new URL('../../', import.meta.url))
const { values } = parseArgs({
  options: { target: { type: 'string' }, take: { type: 'string', multiple: true }, help: { type: 'boolean' } },
})
if (values.help) {
  process.stdout.write(`${USAGE}\n`)
  process.exit(0)
}
const obstacle = whyNoRoots()
if (obstacle !== undefined) {
  process.stderr.write(`${obstacle}\n`)
  process.exit(1)
}
const target = values.target === undefined ? mkdtempSync(join(tmpdir(), 'quartet-image-')) : resolve(values.target)
try {
  const taken = Object.fromEntries((values.take ?? []).map((text) => text.split('=') as [string, string]))
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const image = await buildImage({ context, target, taken, say })
  const { bytes, parts } = sizeOf(image)
  for (const part of parts) say(`${(part.bytes / 1e6).toFixed(1).padStart(8)} MB  ${part.path}`)
  say(`${(bytes / 1e6).toFixed(1).padStart(8)} MB  without the base image`)
} finally {
  if (values.target === undefined) rmSync(target, { recursive: true, force: true })
}
