import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Document } from 'yaml'

export type YamlPath = readonly (string | number | symbol)[]

/**
 * The offset in the text of what a path leads to; where it leads nowhere, that of the nearest thing above it.
 * @param atKey the position of the last key instead of its value
 */
export function locate(document: Document, path: YamlPath, atKey: boolean): number {
  let node: unknown = document.contents
  let offset = startOf(node, 0)
  for (let index = 0; index < path.length; index++) {
    const step = path[index]!
    const target = isAlias(node) ? node.resolve(document) : node
    if (isMap(target)) {
      const pair = target.items.find((item) => keyText(item.key) === String(step))
      if (!pair) return offset
      if (atKey && index === path.length - 1) return startOf(pair.key, offset)
      node = pair.value
      // `key:` without a value has its place at the key.
      offset =
        isScalar(node) && node.source === '' ? startOf(pair.key, offset) : startOf(node, startOf(pair.key, offset))
    } else if (isSeq(target)) {
      node = target.items[Number(step)]
      if (node === undefined) return offset
      offset = startOf(node, offset)
    } else return offset
  }
  return offset
}

/** The scalar at a path, or `undefined` when there is something else. */
export function scalarAt(document: Document, path: YamlPath): { source: string } | undefined {
  let node: unknown = document.contents
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) node = node.items.find((item) => keyText(item.key) === String(step))?.value
    else if (isSeq(node)) node = node.items[Number(step)]
    else return undefined
  }
  if (isAlias(node)) node = node.resolve(document)
  return isScalar(node) && typeof node.source === 'string' ? { source: node.source } : undefined
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key)
}

function startOf(node: unknown, fallback: number): number {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range
  return range?.[0] ?? fallback
}
