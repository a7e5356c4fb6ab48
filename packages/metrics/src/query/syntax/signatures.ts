import type { FunctionSignature, ValueType } from './ast.ts'

const signatures = new Map<string, FunctionSignature>()

/** Argument types as letters: v instant vector, m range vector, s scalar, t string. */
function add(
  names: string,
  args: string,
  returns: ValueType,
  options: { variadic?: number; experimental?: true } = {},
): void {
  const types: Record<string, ValueType> = { v: 'vector', m: 'matrix', s: 'scalar', t: 'string' }
  for (const name of names.split(' ')) {
    signatures.set(name, {
      name,
      argTypes: Array.from(args, (letter) => types[letter]),
      variadic: options.variadic ?? 0,
      returns,
      isExperimental: options.experimental === true,
    })
  }
}

add(
  'abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sqrt tan tanh',
  'v',
  'vector',
)
add('absent sort sort_desc timestamp', 'v', 'vector')
add('histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum', 'v', 'vector')
add('histogram_fraction', 'ssv', 'vector')
add('histogram_quantile', 'sv', 'vector')
add(
  'absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time ' +
    'max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
  'm',
  'vector',
)
add('quantile_over_time', 'sm', 'vector')
add('predict_linear', 'ms', 'vector')
add('clamp', 'vss', 'vector')
add('clamp_max clamp_min', 'vs', 'vector')
add('day_of_month day_of_week day_of_year days_in_month hour minute month year', 'v', 'vector', { variadic: 1 })
add('round', 'vs', 'vector', { variadic: 1 })
add('label_join', 'vttt', 'vector', { variadic: -1 })
add('label_replace', 'vtttt', 'vector')
add('scalar', 'v', 'scalar')
add('vector', 's', 'vector')
add('time pi', '', 'scalar')
add('double_exponential_smoothing', 'mss', 'vector', { experimental: true })
add(
  'first_over_time mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
  'm',
  'vector',
  {
    experimental: true,
  },
)
add('info', 'vv', 'vector', { variadic: 1, experimental: true })
add('sort_by_label sort_by_label_desc', 'vt', 'vector', { variadic: -1, experimental: true })

export function functionSignature(name: string): FunctionSignature | undefined {
  return signatures.get(name)
}

export function functionNames(): readonly string[] {
  return [...signatures.keys()].sort()
}

/** Results depend on the evaluation time, so they are never step invariant. */
export const TIME_DEPENDENT: ReadonlySet<string> = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
])
