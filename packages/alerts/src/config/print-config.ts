import { LabelMatcher } from './matcher/label-matcher.ts'
import { Secret } from './secret.ts'

/**
 * The configuration as upstream prints it (`/api/v2/status`, which `amtool config` reads back): block style, lists not
 * indented, secrets as `<secret>`.
 */
export function printConfig(config: object): string {
  return printMap(config as Record<string, unknown>, '')
}

function printMap(map: Record<string, unknown>, indent: string): string {
  let text = ''
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined || isEmptySecret(value)) continue
    const isFlow = FLOW_KEYS.has(key) && Array.isArray(value)
    text += `${indent}${printScalar(key)}:${isFlow ? printFlow(value) : printValue(value, indent)}`
  }
  return text
}

/** Ranges of a time interval stand on one line. */
const FLOW_KEYS = new Set(['weekdays', 'days_of_month', 'months', 'years'])

function printFlow(values: readonly unknown[]): string {
  return ` [${values.map((value) => (String(value).includes(':') ? `'${String(value)}'` : printScalar(value))).join(', ')}]\n`
}

function printValue(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.length === 0 ? ' []\n' : `\n${printList(value, indent)}`
  if (isSection(value)) {
    const body = printMap(value, `${indent}  `)
    return body === '' ? ' {}\n' : `\n${body}`
  }
  return ` ${printScalar(value, `${indent}  `)}\n`
}

function printList(list: readonly unknown[], indent: string): string {
  return list
    .map((item) => {
      if (!isSection(item)) return `${indent}- ${printScalar(item, `${indent}  `)}\n`
      const body = printMap(item, `${indent}  `)
      return body === '' ? `${indent}- {}\n` : `${indent}- ${body.slice(indent.length + 2)}`
    })
    .join('')
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Secret) && !(value instanceof LabelMatcher)
}

function isEmptySecret(value: unknown): boolean {
  return value instanceof Secret && value.isEmpty
}

function printScalar(value: unknown, indent = ''): string {
  if (typeof value !== 'string' && !(value instanceof Secret) && !(value instanceof LabelMatcher)) return String(value)
  const text = String(value)
  if (text === '') return '""'
  if (text.includes('\n') && !/[\t\r]|^\s/.test(text)) return blockScalar(text, indent)
  if (READS_AS_OTHER.test(text)) return JSON.stringify(text)
  // eslint-style control characters have no other form than an escaped one.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return JSON.stringify(text)
  if (NEEDS_QUOTES.test(text)) return `'${text.replaceAll("'", "''")}'`
  return text
}

/** Texts that YAML 1.1 would read as a boolean, a number, null or a date. */
const READS_AS_OTHER =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N|[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN|[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?0[xob][0-9a-fA-F_]+|[-+]?\.[0-9]+|\d{4}-\d\d?-\d\d?.*|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|<<|=)$/

const NEEDS_QUOTES = /^\.\.\.$|^[\s\-?:,[\]{}#&*!|>'"%@`](?![a-zA-Z0-9/])|^[,[\]{}#&*!|>'"%@`]|: |:$| #|^\s|\s$/

function blockScalar(text: string, indent: string): string {
  const trailing = /\n*$/.exec(text)![0].length
  const chomp = trailing === 0 ? '-' : trailing === 1 ? '' : '+'
  const lines = text.replace(/\n$/, '').split('\n')
  return `|${chomp}\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}`
}
