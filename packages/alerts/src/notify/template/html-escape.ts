import { escapeHtml } from '@quartet/query'
import { printValue } from './data.ts'
import { SafeText } from './functions.ts'

/** Attributes that hold an address. */
const URL_ATTRIBUTES =
  /^(?:href|src|action|formaction|cite|poster|background|longdesc|usemap|manifest|data|codebase|xlink:href)$/i
/** What Go writes in place of an address that could run a script. */
const UNSAFE = '#ZgotmplZ'

/**
 * Writes a value into HTML as the place wants it: escaped for HTML, and inside of an address for the part of the address too.
 * Values cannot leave their place, so that what stands before tells it.
 * Source: html/template, "Contexts".
 */
export function printHtml(value: unknown, before: string): string {
  const attribute = openAttribute(before)
  if (attribute === undefined || !URL_ATTRIBUTES.test(attribute.name)) {
    const isHtml = value instanceof SafeText && value.kind === 'html'
    if (isHtml && attribute === undefined) return value.text
    return escapeHtml(isHtml ? value.text.replace(/<[^>]*>/g, '') : textOf(value))
  }
  return escapeHtml(printUrl(value, attribute.value))
}

function printUrl(value: unknown, before: string): string {
  const text = textOf(value)
  const kind = value instanceof SafeText ? value.kind : undefined
  if (/[?#]/.test(before)) return kind === 'query' || kind === 'url' ? normalize(text) : escapePart(text)
  if (before.trim() === '' && kind !== 'url' && !isHarmless(text)) return UNSAFE
  return normalize(text)
}

function textOf(value: unknown): string {
  return value instanceof SafeText ? value.text : printValue(value)
}

/** The attribute whose value is being written. */
function openAttribute(before: string): { name: string; value: string } | undefined {
  const start = before.lastIndexOf('<')
  if (start < 0 || before.indexOf('>', start) >= 0) return undefined
  const match = /([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]*))$/.exec(before.slice(start))
  return match ? { name: match[1], value: match[2] ?? match[3] ?? match[4] } : undefined
}

/** No scheme, or one that only leads somewhere. */
function isHarmless(url: string): boolean {
  const scheme = /^([^/?#]*?):/.exec(url)?.[1]
  return scheme === undefined || /^(?:https?|mailto)$/i.test(scheme)
}

/** Everything but what every address may hold. */
function escapePart(text: string): string {
  return percent(text, /[^A-Za-z0-9\-._~]/gu)
}

/** What an address may hold stays, escapes included. */
function normalize(text: string): string {
  return percent(text, /%(?![0-9a-fA-F]{2})|[^A-Za-z0-9\-._~!#$&*+,/:;=?@[\]%]/gu)
}

function percent(text: string, pattern: RegExp): string {
  return text.toWellFormed().replace(pattern, (char) => {
    let escaped = ''
    for (const byte of Buffer.from(char)) escaped += `%${byte.toString(16).padStart(2, '0')}`
    return escaped
  })
}
