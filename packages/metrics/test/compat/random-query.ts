import type { Random } from './random.ts'
import { SPAN_MS, START_MS } from './random-series.ts'

/** A time that is never on the edge of a sample or of a subquery's step; see random-series.ts. */
const QUERY_RESIDUE_MS = 123

export interface RandomQuery {
  readonly text: string
  /**
   * The floats agree only up to rounding: 3.x adds with compensation where 2.42 does not; and Go's transcendental functions
   * are written in assembly per processor, so that no two platforms of upstream agree on their last bit.
   */
  readonly isRounded: boolean
}

interface Expression extends RandomQuery {
  text: string
  readonly isHuge: boolean
}

const METRICS = [
  'exact_gauge',
  'exact_gauge',
  'exact_total',
  'temperature',
  'odd_values',
  'huge_values',
  'requests_total',
  'requests_total',
  'latency_bucket',
  'build_info',
  'build_info',
  'latency_count',
  'temperature',
  'exact_gauge',
  'exact_gauge',
  'missing_metric',
]
const NAMES = ['job', 'instance', 'code', 'le', 'version', 'nothing']
/** Labels that a metric has beside job and instance are asked for, others seldom: they find nothing. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  requests_total: ['job', 'instance', 'code'],
  latency_bucket: ['job', 'instance', 'le'],
  build_info: ['job', 'instance', 'version'],
}
const VALUES: Readonly<Record<string, readonly string[]>> = {
  job: ['api', 'db', 'web.front'],
  instance: ['10.0.0.1:80', '10.0.0.2:80', 'h-3'],
  code: ['200', '404', '500'],
  le: ['0.1', '1', '+Inf'],
  version: ['1.0', '2.0'],
  nothing: ['', 'x'],
}
const PATTERNS: Readonly<Record<string, readonly string[]>> = {
  job: ['api|db', 'web.*', '.+', '', '(?i:API)', 'a(p)i'],
  instance: ['10.*', '.*:80', 'h-[0-9]', '10\\\\.0\\\\.0\\\\.[12]:80'],
  code: ['2..', '4..|5..', '.*', '[^2].*'],
  le: ['0.*', '.Inf|1'],
  version: ['1.+', '2.0|'],
  nothing: ['.*', '.+', '|x'],
}
const VALUE_FUNCTIONS = 'abs deg rad sgn sqrt ceil floor'.split(' ')
const TRANSCENDENTAL = 'acos acosh asin asinh atan atanh cos cosh exp ln log10 log2 sin sinh tan tanh'.split(' ')
const DATE_FUNCTIONS = 'day_of_month day_of_week day_of_year days_in_month hour minute month year'.split(' ')
const RANGE_FUNCTIONS = (
  'avg_over_time changes count_over_time delta deriv idelta last_over_time max_over_time min_over_time ' +
  'present_over_time resets stddev_over_time stdvar_over_time sum_over_time irate'
).split(' ')
const STEPPED = new Set(['changes', 'resets', 'ceil', 'floor', 'sgn'])

/** Makes random valid PromQL over the metrics of random-series.ts, within what 2.42 and 3.x agree on. */
export class QueryGenerator {
  readonly #random: Random
  /** Inside of a subquery, where evaluation times lie on whole steps. */
  #subqueries = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** A time within the data or a little outside of it. */
  timeMs(): number {
    const seconds = this.#random.chance(0.9)
      ? this.#random.integer(60, SPAN_MS / 1000)
      : this.#random.integer(-60, 4000)
    return START_MS + seconds * 1000 + QUERY_RESIDUE_MS
  }

  query(): RandomQuery {
    const random = this.#random
    const depth = random.integer(0, 3)
    if (random.chance(0.02)) {
      const op = random.pick(['^', 'atan2'])
      return { text: `(${this.#scalar(depth)}) ${op} (${this.#scalar(depth)})`, isRounded: true }
    }
    if (random.chance(0.05)) return { text: this.#scalar(depth), isRounded: false }
    if (random.chance(0.05)) {
      const sorted = this.#exactVector(depth)
      return { text: `${random.pick(['sort', 'sort_desc'])}(${sorted.text})`, isRounded: false }
    }
    const { text, isRounded } = this.#vector(depth)
    return { text, isRounded }
  }

  /** A query with one token taken away, doubled or exchanged: mostly no longer PromQL. */
  brokenQuery(): string {
    const random = this.#random
    const tokens = this.#vector(random.integer(0, 2)).text.match(/"[^"]*"|\w+|[=!<>]=|=~|!~|\s+|./g) ?? []
    const at = random.integer(0, tokens.length - 1)
    const change = random.pick([
      [],
      [tokens[at], tokens[at]],
      [random.pick(['(', ')', '{', '}', '[', ']', ',', '==', '@', 'offset', 'by', 'sum', '"', "'", '$', '1', 'on'])],
    ])
    return tokens.toSpliced(at, 1, ...change).join('')
  }

  #vector(depth: number): Expression {
    const random = this.#random
    if (depth <= 0) return this.#selector()
    const kinds: [weight: number, make: () => Expression][] = [
      [1, () => this.#selector()],
      [4, () => this.#rangeCall(depth)],
      [5, () => this.#aggregation(depth)],
      [5, () => this.#binary(depth)],
      [3, () => this.#valueCall(depth)],
      [1, () => this.#relabel(depth)],
      [1, () => this.#quantile(depth)],
      [1, () => this.#absence(depth)],
      [1, () => this.#other(depth)],
    ]
    let left = random.next() * kinds.reduce((total, [weight]) => total + weight, 0)
    for (const [weight, make] of kinds) {
      left -= weight
      if (left < 0) return make()
    }
    return this.#selector()
  }

  /** A vector whose floats are the same to the bit: what is rounded must not be compared, sorted or cut. */
  #exactVector(depth: number): Expression {
    for (let attempt = 0; attempt < 5; attempt++) {
      const made = this.#vector(depth)
      if (!made.isRounded) return made
    }
    return this.#selector()
  }

  #selector(metrics: readonly string[] = METRICS): Expression {
    const name = this.#random.pick(metrics)
    return { text: this.#selectorText(name) + this.#shift(), isRounded: false, isHuge: name === 'huge_values' }
  }

  #selectorText(name: string): string {
    const random = this.#random
    const names = LABELS[name] ?? ['job', 'instance']
    const matchers = random.some(names, 0.25).map((label) => this.#matcher(label))
    if (random.chance(0.04)) matchers.push(this.#matcher(random.pick(NAMES)))
    if (random.chance(0.03)) return `{${[`__name__=~"${name}|build_.*"`, ...matchers].join(',')}}`
    if (random.chance(0.03)) return `{${[`__name__="${name}"`, ...matchers].join(', ')}}`
    return matchers.length === 0 ? name : `${name}{${matchers.join(',')}}`
  }

  #matcher(label: string): string {
    const random = this.#random
    const isRegex = random.chance(0.5)
    const op = isRegex ? random.pick(['=~', '!~']) : random.pick(['=', '!='])
    return `${label}${op}"${random.pick((isRegex ? PATTERNS : VALUES)[label])}"`
  }

  #shift(): string {
    const random = this.#random
    const offset = random.chance(0.12) ? ` offset ${random.pick(['30s', '1m', '7m', '-2m', '1m30s'])}` : ''
    const at = random.chance(0.08) ? ` @ ${this.#at()}` : ''
    return random.chance(0.5) ? offset + at : at + offset
  }

  #at(): string {
    return this.#random.pick(['start()', 'end()', String(this.timeMs() / 1000)])
  }

  /** A range over samples, or a subquery; counters alone where 2.42 and 3.x extrapolate to zero differently. */
  #range(depth: number, forRate: boolean): Expression {
    const random = this.#random
    const length = random.pick(['20s', '1m', '5m', '13m', '1h'])
    if (depth < 2 || random.chance(0.7)) {
      const name = random.pick(forRate ? ['requests_total', 'exact_total', 'latency_count'] : METRICS)
      const text = `${this.#selectorText(name)}[${length}]${this.#shift()}`
      return { text, isRounded: false, isHuge: name === 'huge_values' }
    }
    this.#subqueries++
    const inner = forRate ? this.#selector(['exact_total']) : this.#exactVector(depth - 2)
    this.#subqueries--
    const step = random.pick(['', '15s', '30s', '1m', '2m'])
    // A subquery of a subquery would begin and end on whole steps: keep it off them, where ranges are closed in 2.42.
    const shift = this.#subqueries > 0 ? ' offset 137ms' : this.#shift()
    return { ...inner, text: `${parenthesised(inner.text)}[${random.pick(['2m', '5m', '13m'])}:${step}]${shift}` }
  }

  #rangeCall(depth: number): Expression {
    const random = this.#random
    if (random.chance(0.35)) {
      const range = this.#range(depth, true)
      return { ...range, text: `${random.pick(['rate', 'increase'])}(${range.text})` }
    }
    const range = this.#range(depth, false)
    // 3.x drops the compensation of a sum that overflows.
    if (range.isHuge) return { ...range, text: `${random.pick(['max_over_time', 'last_over_time'])}(${range.text})` }
    if (random.chance(0.1)) return { ...range, text: `quantile_over_time(${this.#q()}, ${range.text})` }
    // In 2.42 its window moves on from the time of `@`.
    if (random.chance(0.1) && !range.text.includes('@')) {
      return { ...range, text: `predict_linear(${range.text}, ${random.pick(['60', '3600', '-30'])})` }
    }
    const name = random.pick(RANGE_FUNCTIONS)
    return { ...range, text: `${name}(${range.text})`, isRounded: name === 'avg_over_time' }
  }

  #q(): string {
    return this.#random.pick(['0.5', '0.9', '0', '1', '0.99', '-1', '2', 'NaN', '0.33'])
  }

  #aggregation(depth: number): Expression {
    const random = this.#random
    const op = random.pick(
      'sum sum avg min max count group stddev stdvar topk bottomk quantile count_values'.split(' '),
    )
    const isSum = ['sum', 'avg', 'stddev', 'stdvar'].includes(op)
    let inner = this.#exactVector(depth - 1)
    if (isSum && inner.isHuge) inner = this.#exactVector(depth - 1)
    if (isSum && inner.isHuge) inner = this.#selector(['exact_gauge'])
    // Which of equal values stay was changed with the heap in 3.x: temperatures are never equal.
    if (op === 'topk' || op === 'bottomk') inner = this.#selector(['temperature'])
    let argument = inner.text
    if (op === 'topk' || op === 'bottomk') argument = `${random.pick(['1', '2', '3', '0', '-1', '2.7'])}, ${argument}`
    if (op === 'quantile') argument = `${this.#q()}, ${argument}`
    const grouping = this.#grouping()
    // In 2.42 a label that is sorted into a list after `by` may push another one out.
    const valueLabels = grouping.startsWith(' by') ? ['zone'] : ['zone', 'job']
    if (op === 'count_values') argument = `"${random.pick(valueLabels)}", ${argument}`
    const text = random.chance(0.5) ? `${op}${grouping} (${argument})` : `${op}(${argument})${grouping}`
    return { text, isRounded: isSum, isHuge: inner.isHuge }
  }

  #grouping(): string {
    const random = this.#random
    if (random.chance(0.3)) return ''
    return ` ${random.pick(['by', 'without'])} (${random.some(NAMES, 0.35).join(', ')})`
  }

  #binary(depth: number): Expression {
    const random = this.#random
    const comparison = random.pick(['==', '!=', '>', '<', '>=', '<='])
    const arithmetic = random.pick(['+', '-', '*', '/', '%', '^', '+', '-', 'atan2'])
    const isComparison = random.chance(0.35)
    const isRounded = !isComparison && (arithmetic === '^' || arithmetic === 'atan2')
    const op = isComparison ? comparison + (random.chance(0.4) ? ' bool' : '') : arithmetic
    const left = this.#exactVector(depth - 1)
    // 2.42 keeps the name of what it takes the arc tangent of.
    if (op === 'atan2') left.text = `abs(${left.text})`
    const isHuge = true
    if (random.chance(0.35)) {
      const scalar = this.#scalar(depth - 1)
      const sides = random.chance(0.7)
        ? [parenthesised(left.text), parenthesised(scalar)]
        : [parenthesised(scalar), parenthesised(left.text)]
      return { text: sides.join(` ${op} `), isRounded, isHuge }
    }
    const right = random.chance(0.5) ? this.#exactVector(depth - 1) : left
    if (op === 'atan2') right.text = `abs(${right.text})`
    const sides = [parenthesised(left.text), parenthesised(right.text)]
    if (random.chance(0.3)) {
      const set = random.pick(['and', 'or', 'unless'])
      return { text: sides.join(` ${set}${this.#matching()} `), isRounded: false, isHuge: left.isHuge || right.isHuge }
    }
    const matching = this.#matching()
    const group =
      matching !== '' && random.chance(0.5)
        ? ` ${random.pick(['group_left', 'group_right'])}${random.pick(['()', ' (version)', '(code)'])}`
        : ''
    return { text: sides.join(` ${op}${matching}${clashing(matching, group) ? '' : group} `), isRounded, isHuge }
  }

  #matching(): string {
    const random = this.#random
    if (random.chance(0.4)) return ''
    return ` ${random.pick(['on', 'ignoring'])}(${random.some(NAMES, 0.4).join(', ')})`
  }

  #valueCall(depth: number): Expression {
    const random = this.#random
    const inner = this.#exactVector(depth - 1)
    const isHuge = true
    switch (random.integer(0, 6)) {
      case 0:
        return { text: `-${parenthesised(inner.text)}`, isRounded: false, isHuge: inner.isHuge }
      case 1: {
        const [least, most] = [random.integer(-50, 20), random.integer(0, 100)]
        const limits = random.chance(0.3) ? `${this.#scalar(depth - 1)}, ${most}` : `${least}, ${most}`
        return { text: `clamp(${inner.text}, ${limits})`, isRounded: false, isHuge }
      }
      case 2: {
        const name = random.pick(['clamp_min', 'clamp_max'])
        return { text: `${name}(${inner.text}, ${this.#scalar(0)})`, isRounded: false, isHuge }
      }
      case 3: {
        const nearest = random.pick(['', ', 5', ', 0.1', ', 0.3', ', 0', ', -2'])
        return { text: `round(${inner.text}${nearest})`, isRounded: false, isHuge }
      }
      case 4:
        return { text: `${random.pick(TRANSCENDENTAL)}(${inner.text})`, isRounded: true, isHuge }
      default: {
        const name = random.pick(VALUE_FUNCTIONS)
        const isContinuous = !STEPPED.has(name)
        return { text: `${name}(${inner.text})`, isRounded: isContinuous && inner.isRounded, isHuge }
      }
    }
  }

  #relabel(depth: number): Expression {
    const random = this.#random
    const inner = this.#vector(depth - 1)
    const target = random.pick(['job', 'made', '__name__', 'instance'])
    const text = random.chance(0.6)
      ? `label_replace(${inner.text}, "${target}", "${random.pick(['$1', 'x-${1}', '', '$host:$2', '$1_$2'])}", ` +
        `"${random.pick(['job', 'instance', 'nothing', '__name__'])}", "${random.pick(['(.*)', '(?P<host>.*):(.*)', '(.)(.).*', ''])}")`
      : `label_join(${inner.text}, "${target}", "${random.pick(['-', '', ', '])}"${random
          .some(['job', 'instance', 'code', 'nothing'])
          .map((name) => `, "${name}"`)
          .join('')})`
    return { ...inner, text }
  }

  #quantile(depth: number): Expression {
    const random = this.#random
    const buckets = this.#selectorText('latency_bucket')
    const inner = random.pick([
      `rate(${buckets}[${random.pick(['1m', '5m', '13m'])}])`,
      buckets,
      `sum by (${['le', ...random.some(['job', 'instance'])].join(', ')}) (${buckets})`,
      `increase(${buckets}[5m])`,
      depth > 2 ? this.#selectorText('odd_values') : `latency_bucket`,
    ])
    return { text: `histogram_quantile(${this.#q()}, ${inner})`, isRounded: false, isHuge: false }
  }

  #absence(depth: number): Expression {
    const random = this.#random
    if (random.chance(0.5)) {
      const inner = random.chance(0.6) ? this.#selector() : this.#vector(depth - 1)
      return { text: `absent(${inner.text})`, isRounded: false, isHuge: false }
    }
    return { text: `absent_over_time(${this.#range(depth, false).text})`, isRounded: false, isHuge: false }
  }

  #other(depth: number): Expression {
    const random = this.#random
    const text = random.pick([
      () => `vector(${this.#scalar(depth - 1)})`,
      // 2.42 forgets the offset of a selector with `@` here.
      () =>
        `timestamp(${random.chance(0.6) ? this.#selectorText(random.pick(METRICS)) : `(${this.#exactVector(depth - 1).text}) + 1`})`,
      () => `${random.pick(DATE_FUNCTIONS)}(${random.chance(0.4) ? '' : this.#exactVector(depth - 1).text})`,
      () => `histogram_count(${this.#selector().text})`,
    ])()
    return { text, isRounded: false, isHuge: true }
  }

  #scalar(depth: number): string {
    const random = this.#random
    const literals = ['0', '1', '2', '-3', '0.5', '1e3', 'Inf', '-Inf', 'NaN', '0x1F', '100', '7']
    if (depth <= 0) return random.pick([...literals, 'pi()', 'time()'])
    switch (random.integer(0, 4)) {
      case 0:
        return `scalar(${this.#exactVector(depth - 1).text})`
      case 1: {
        const op = random.pick(['+', '-', '*', '/', '%', '> bool', '== bool', '<= bool', '!= bool'])
        return `${parenthesised(this.#scalar(depth - 1))} ${op} ${parenthesised(this.#scalar(depth - 1))}`
      }
      case 2:
        return `-${parenthesised(this.#scalar(depth - 1))}`
      default:
        return random.pick(literals)
    }
  }
}

function parenthesised(text: string): string {
  return /^(?:[a-z_]+(?:\{[^{}]*\})?|[0-9.]+)$/.test(text) ? text : `(${text})`
}

/** A label cannot be matched on and copied at once. */
function clashing(matching: string, group: string): boolean {
  const label = /\((\w+)\)/.exec(group)?.[1]
  return label !== undefined && matching.startsWith(' on') && matching.includes(label)
}
