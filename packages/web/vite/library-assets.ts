import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const require = createRequire(import.meta.url)
const ownAssets = fileURLToPath(new URL('../assets/', import.meta.url))

/** File names under which the component library's global styles ask for fonts. */
const fonts: readonly (readonly [wanted: string, source: string])[] = [
  ['inter/Inter-Regular.woff2', '@fontsource/inter/files/inter-latin-400-normal.woff2'],
  ['inter/Inter-Medium.woff2', '@fontsource/inter/files/inter-latin-500-normal.woff2'],
  ['inter/Inter-Italic.woff2', '@fontsource/inter/files/inter-latin-400-italic.woff2'],
  ['inter/Inter-MediumItalic.woff2', '@fontsource/inter/files/inter-latin-500-italic.woff2'],
  [
    'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2',
    '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2',
  ],
]

/**
 * Puts fonts, the component library's icons and our own pictures under dist/public. The library names 288 icons but
 * ships fewer, so every name that it may ask for and does not have is drawn by us (assets/icons) or gets a plain dot:
 * a missing icon must be neither a 404 nor a hole.
 */
export function libraryAssets(): Plugin {
  return {
    name: 'quartet:library-assets',
    apply: 'build',
    async generateBundle() {
      const emit = (fileName: string, source: Uint8Array): void => {
        this.emitFile({ type: 'asset', fileName: `public/${fileName}`, source })
      }
      for (const [wanted, source] of fonts) emit(`fonts/${wanted}`, await readFile(require.resolve(source)))
      for (const [fileName, source] of await icons()) emit(`build/img/icons/${fileName}`, source)
      for (const name of await readdir(join(ownAssets, 'img'))) {
        emit(`img/${name}`, await readFile(join(ownAssets, 'img', name)))
      }
    },
  }
}

async function icons(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  const shipped = join(packageRoot('@grafana/ui'), 'dist/public/img/icons')
  for (const folder of await readdir(shipped)) {
    for (const name of await readdir(join(shipped, folder))) {
      files.set(`${folder}/${name}`, await readFile(join(shipped, folder, name)))
    }
  }
  for (const name of await readdir(join(ownAssets, 'icons'))) {
    files.set(`unicons/${name}`, await readFile(join(ownAssets, 'icons', name)))
  }
  const dot = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="4"/></svg>',
  )
  for (const name of await namedIcons()) {
    const fileName = `${iconFolder(name)}/${name}.svg`
    if (!files.has(fileName)) files.set(fileName, dot)
  }
  return files
}

/** The names that the library accepts, read from its own list. */
async function namedIcons(): Promise<string[]> {
  const source = await readFile(join(packageRoot('@grafana/data'), 'dist/esm/types/icon.mjs'), 'utf8')
  const list = /availableIconsIndex = \{([\s\S]*?)\};/.exec(source)?.[1]
  if (list === undefined) throw new Error('@grafana/data no longer lists its icons in types/icon.mjs')
  return [...list.matchAll(/"?([\w-]+)"?: true/g)].map((match) => match[1] as string)
}

function iconFolder(name: string): string {
  if (name.startsWith('gf-')) return 'custom'
  const mono = ['grafana', 'favorite', 'heart-break', 'heart', 'panel-add', 'library-panel', 'circle-mono']
  return mono.includes(name) ? 'mono' : 'unicons'
}

function packageRoot(name: string): string {
  return dirname(require.resolve(`${name}/package.json`))
}
