import { quoteGo } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import type {
  Grouping,
  LabelFilter,
  MetricNode,
  QueryNode,
  RangeNode,
  SelectorNode,
  StageNode,
  VectorMatching,
} from './ast.ts'
import { goFloat } from './format-float.ts'

/** The canonical text of a query: what upstream's String() prints, on one line. */
export function printQuery(node: QueryNode): string {
  switch (node.kind) {
    case 'selector':
      return printSelector(node)
    case 'literal':
      return goFloat(node.value)
    case 'vector':
      return `vector(${node.value.toFixed(6)})`
    case 'range': {
      const parameter = node.parameter === undefined ? '' : `${goFloat(node.parameter)},`
      return `${node.operation}(${parameter}${printRange(node.range)})${node.grouping ? printGrouping(node.grouping) : ''}`
    }
    case 'aggregate': {
      const parameter = node.operation.endsWith('topk') || node.operation === 'bottomk' ? `${node.parameter},` : ''
      return `${node.operation}${node.grouping ? printGrouping(node.grouping) : ''}(${parameter}${printQuery(node.of)})`
    }
    case 'label_replace':
      return `label_replace(${printQuery(node.of)},${[node.target, node.replacement, node.source, node.pattern].map(quoteGo).join(',')})`
    case 'variants':
      return `variants(${node.variants.map(printQuery).join(', ')}) of (${printRange(node.of)})`
    default:
      return printBinary(node)
  }
}

function printBinary(node: Extract<MetricNode, { kind: 'binary' }>): string {
  const operator = `${node.operation}${node.returnBool ? ' bool' : ''}${node.matching ? ` ${printMatching(node.matching)}` : ''}`
  return `(${printQuery(node.left)} ${operator} ${printQuery(node.right)})`
}

function printMatching({ card, on, labels, include }: VectorMatching): string {
  const base = `${on ? 'on' : 'ignoring'} (${labels.join(',')})`
  if (card === 'one-to-one') return base
  return `${base} ${card === 'many-to-one' ? 'group_left' : 'group_right'} (${include.join(',')})`
}

function printGrouping({ without, labels }: Grouping): string {
  return without ? ` without (${labels.join(',')})` : ` by (${labels.join(',')})`
}

function printRange({ selector, unwrap, rangeNs, offsetNs }: RangeNode): string {
  const offset = offsetNs === 0n ? '' : ` offset ${printDuration(offsetNs)}`
  let text = printSelector(selector)
  if (unwrap) {
    text += ` | unwrap ${unwrap.conversion === '' ? unwrap.label : `${unwrap.conversion}(${unwrap.label})`}`
    for (const filter of unwrap.filters) text += ` | ${printFilter(filter)}`
  }
  return `${text}[${printDuration(rangeNs)}]${offset}`
}

function printSelector({ matchers, stages }: SelectorNode): string {
  return `{${matchers.map(printMatcher).join(', ')}}${stages.map((stage) => ` ${printStage(stage)}`).join('')}`
}

function printMatcher({ name, op, value }: Matcher): string {
  return `${name}${op}${quoteGo(value)}`
}

export function printStage(stage: StageNode): string {
  switch (stage.kind) {
    case 'line':
      return `${stage.op} ${stage.operands.map(({ value, isIp }) => (isIp ? `ip(${quoteGo(value)})` : quoteGo(value))).join(' or ')}`
    case 'json':
      return `| json${printExtractions(stage.extractions)}`
    case 'logfmt':
      return `| logfmt${stage.strict ? ' --strict' : ''}${stage.keepEmpty ? ' --keep-empty' : ''}${printExtractions(stage.extractions)}`
    case 'regexp':
    case 'pattern':
      return `| ${stage.kind} ${quoteGo(stage.pattern)}`
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`
    case 'line_format':
      return `| line_format ${quoteGo(stage.template)}`
    case 'label_format':
      return `| label_format ${stage.formats.map((format) => ('rename' in format ? `${format.name}=${format.rename}` : `${format.name}=${quoteGo(format.template)}`)).join(',')}`
    case 'label_filter':
      return `| ${printFilter(stage.filter)}`
    default:
      return `| ${stage.kind} ${stage.labels.map(({ name, matcher }) => (matcher ? printMatcher(matcher) : name)).join(',')}`
  }
}

function printExtractions(extractions: readonly { name: string; expression: string }[]): string {
  if (extractions.length === 0) return ''
  return ` ${extractions.map(({ name, expression }) => `${name}=${quoteGo(expression)}`).join(',')}`
}

export function printFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'matcher':
      return printMatcher(filter.matcher)
    case 'ip':
      return `${filter.name}${filter.op}ip(${quoteGo(filter.pattern)})`
    case 'and':
      return `( ${printFilter(filter.left)} , ${printFilter(filter.right)} )`
    case 'or':
      return `( ${printFilter(filter.left)} or ${printFilter(filter.right)} )`
    default:
      return `${filter.name}${filter.op}${filter.text}`
  }
}

/** Prometheus's duration text, as upstream prints ranges. */
export function printDuration(ns: bigint): string {
  const units: readonly (readonly [string, bigint])[] = [
    ['w', 604_800_000_000_000n],
    ['d', 86_400_000_000_000n],
    ['h', 3_600_000_000_000n],
    ['m', 60_000_000_000n],
    ['s', 1_000_000_000n],
    ['ms', 1_000_000n],
  ]
  if (ns === 0n) return '0s'
  let rest = ns < 0n ? -ns : ns
  let text = ns < 0n ? '-' : ''
  for (const [unit, size] of units) {
    if (rest < size || (unit === 'w' && rest % size !== 0n)) continue
    text += `${rest / size}${unit}`
    rest %= size
  }
  return text
}
