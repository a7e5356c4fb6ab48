import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isValidUtf8 } from '@quartet/model'
import { ConfigError } from '@quartet/runtime'

export interface ConfigText {
  readonly name: string
  readonly text: string
}

/**
 * The configuration as one text. All `*.alloy` files of a directory are one configuration; they are joined in the order of their
 * names, and positions then count through the joined text of a directory with several files.
 * @throws ConfigError when it cannot be read or is not UTF-8
 */
export async function readConfig(path: string): Promise<ConfigText> {
  try {
    if (!(await stat(path)).isDirectory()) return { name: path, text: await readText(path) }
    const names = (await readdir(path)).filter((name) => name.endsWith('.alloy')).sort()
    if (names.length === 0) throw new Error('the directory holds no *.alloy file')
    if (names.length === 1) return { name: join(path, names[0]), text: await readText(join(path, names[0])) }
    const texts = await Promise.all(names.map((name) => readText(join(path, name))))
    return { name: path, text: texts.join('\n') }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([`${path}: error: ${(error as Error).message}`])
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path)
  if (!isValidUtf8(bytes, 0, bytes.length)) {
    const line = bytes.toString('utf8').split('\ufffd', 1)[0].split('\n').length
    throw new ConfigError([`${path}:${line}:1: error: illegal UTF-8 encoding`])
  }
  return bytes.toString('utf8')
}
