import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Compiles every `packages/*\/src/**\/*.as` (AssemblyScript) to a `.wasm` beside it, which is committed: `node scripts/build-kernels.ts`.
 * The compiler comes from the npm registry when this runs; nothing else needs it.
 */
const COMPILER = 'assemblyscript@0.28.20'
const ROOT = join(import.meta.dirname, '..')

/** Name of the section that says which source a module was made from. */
export const SOURCE_SECTION = 'source-sha256'

export function sourceDigest(source: Uint8Array): Buffer {
  return createHash('sha256').update(source).digest()
}

function build(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'quartet-kernel-'))
  try {
    copyFileSync(path, join(folder, 'kernel.ts'))
    const flags = ['--runtime', 'stub', '--noAssert', '-O3', '--enable', 'simd', '--enable', 'bulk-memory']
    execFileSync('npx', ['--yes', `--package=${COMPILER}`, 'asc', 'kernel.ts', ...flags, '-o', 'kernel.wasm'], {
      cwd: folder,
      stdio: 'inherit',
    })
    const module = readFileSync(join(folder, 'kernel.wasm'))
    const name = Buffer.from(SOURCE_SECTION)
    const digest = sourceDigest(readFileSync(path))
    // A custom section: id 0, size, and the length of its name; all sizes are below 128.
    const section = Buffer.concat([Buffer.of(0, 1 + name.length + digest.length, name.length), name, digest])
    writeFileSync(path.replace(/\.as$/, '.wasm'), Buffer.concat([module, section]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const path of globSync('packages/*/src/**/*.as', { cwd: ROOT })) {
    console.log(path)
    build(join(ROOT, path))
  }
}
