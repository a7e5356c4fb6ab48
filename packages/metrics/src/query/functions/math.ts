/** Functions that map a value to a value, with scalar parameters per step. */
type ValueFunction = (value: number, a: number, b: number) => number

const functions = new Map<string, ValueFunction>([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['deg', (value) => (value * 180) / Math.PI],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['rad', (value) => (value * Math.PI) / 180],
  ['sgn', (value) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
  ['clamp', (value, least, most) => maxOf(least, minOf(most, value))],
  ['clamp_max', (value, most) => minOf(most, value)],
  ['clamp_min', (value, least) => maxOf(least, value)],
  [
    'round',
    (value, nearest) => {
      // Dividing by the inverse keeps 0.1, 0.01 … exact, as upstream does.
      const inverse = 1 / nearest
      return Math.floor(value * inverse + 0.5) / inverse
    },
  ],
])

export function valueFunction(name: string): ValueFunction | undefined {
  return functions.get(name)
}

/** Go's math.Max: an infinity that cannot be exceeded wins over NaN. */
function maxOf(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b)
}

function minOf(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b)
}
