import { StageError } from './stage.ts'

interface IpRange {
  readonly isV6: boolean
  readonly from: bigint
  readonly to: bigint
}

/** A compiled `ip("…")`: one address, a range `a-b` or a CIDR. */
export interface IpPattern {
  /** Whether the text contains an address in the range. */
  contains(text: string): boolean
}

/** @throws StageError when the pattern is none of the three */
export function compileIp(pattern: string): IpPattern {
  const range = parseRange(pattern)
  if (!range) throw new StageError(`ip: invalid pattern: ${JSON.stringify(pattern)}`)
  return {
    contains(text) {
      for (const match of text.matchAll(range.isV6 ? V6_CANDIDATE : V4_CANDIDATE)) {
        const address = range.isV6 ? parseV6(match[0]) : parseV4(match[0])
        if (address !== undefined && address >= range.from && address <= range.to) return true
      }
      return false
    },
  }
}

// Ours, run over bounded character classes only.
const V4_CANDIDATE = /(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])/g
const V6_CANDIDATE = /(?<![0-9a-fA-F:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![0-9a-fA-F:])/g

function parseRange(pattern: string): IpRange | undefined {
  const dash = pattern.indexOf('-')
  if (dash >= 0) {
    const from = parseAddress(pattern.slice(0, dash))
    const to = parseAddress(pattern.slice(dash + 1))
    return from && to && from.isV6 === to.isV6 && from.value <= to.value
      ? { isV6: from.isV6, from: from.value, to: to.value }
      : undefined
  }
  const slash = pattern.indexOf('/')
  const address = parseAddress(slash >= 0 ? pattern.slice(0, slash) : pattern)
  if (!address) return undefined
  if (slash < 0) return { isV6: address.isV6, from: address.value, to: address.value }
  const bits = address.isV6 ? 128 : 32
  const length = pattern.slice(slash + 1)
  if (!/^[0-9]{1,3}$/.test(length) || Number(length) > bits) return undefined
  const host = (1n << BigInt(bits - Number(length))) - 1n
  const from = address.value & ~host
  return { isV6: address.isV6, from, to: from | host }
}

function parseAddress(text: string): { isV6: boolean; value: bigint } | undefined {
  const v4 = parseV4(text)
  if (v4 !== undefined) return { isV6: false, value: v4 }
  const v6 = parseV6(text)
  return v6 === undefined ? undefined : { isV6: true, value: v6 }
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255))
    return undefined
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n)
}

function parseV6(text: string): bigint | undefined {
  if (!/^[0-9a-fA-F:]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const left = halves[0] === '' ? [] : halves[0].split(':')
  const right = halves.length < 2 || halves[1] === '' ? [] : halves[1].split(':')
  const missing = 8 - left.length - right.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right]
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n)
}
