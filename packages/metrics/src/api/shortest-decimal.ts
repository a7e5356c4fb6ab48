/** Bounds of what {@link writeShortest} takes: the power of ten it scales by is exact, and no exponent is written. */
const SMALLEST = 1e-5
const LARGEST = 1e15

const MAX_POWER = 22
const POWERS = Float64Array.from({ length: MAX_POWER + 1 }, (_, exponent) => Number(`1e${exponent}`))
/** Veltkamp's halves of the powers: their sum is the power, and each has at most 26 bits. */
const SPLITTER = 134217729
const HIGH_HALVES = POWERS.map((power) => SPLITTER * power - (SPLITTER * power - power))
const LOW_HALVES = POWERS.map((power, index) => power - HIGH_HALVES[index])
/** Half of the distance to the next double, by binary exponent from {@link FIRST_EXPONENT}. */
const FIRST_EXPONENT = -18
const HALF_GAPS = Float64Array.from({ length: 70 }, (_, index) => 2 ** (index + FIRST_EXPONENT - 53))

const scratch = new Float64Array(1)
const scratchBits = new Uint32Array(scratch.buffer)
/** 10 to 10^8, as integers for the compiler. */
const TENS = Int32Array.from({ length: 8 }, (_, index) => 10 ** (index + 1))
const digits = new Uint8Array(17)
/** `00`, `01` … `99` */
const PAIRS = Uint8Array.from({ length: 200 }, (_, at) => 48 + (at % 2 === 0 ? Math.floor(at / 20) : (at >> 1) % 10))

/**
 * Writes a positive number as `String` does, the shortest decimal that reads back and of those the nearest, without making a string.
 * Scales the number to seventeen digits before the point, exactly (the product of two doubles is the sum of two doubles, Dekker 1971), and then
 * looks how many of them can be rounded away within half of the distance to the next double.
 * @returns the end of what was written, or -1 when the number is left to `String`: beyond the bounds, a power of two (whose neighbours
 *   are not at the same distance), or halfway between two candidates
 */
export function writeShortest(value: number, buffer: Uint8Array, at: number): number {
  if (!(value >= SMALLEST && value < LARGEST)) return -1
  scratch[0] = value
  const highBits = scratchBits[1]
  if (scratchBits[0] === 0 && (highBits & 0xfffff) === 0) return -1
  const exponent = (highBits >>> 20) - 1023
  let magnitude = Math.floor(exponent * 0.30102999566398114)
  if (value >= (magnitude >= -1 ? POWERS[magnitude + 1] : 1 / POWERS[-magnitude - 1])) magnitude++
  const power = 16 - magnitude
  if (power > MAX_POWER) return -1
  // high + low is exactly value * 10^power, between 1e16 and 1e17.
  const high = value * POWERS[power]
  const split = SPLITTER * value
  const valueHigh = split - (split - value)
  const valueLow = value - valueHigh
  const powerHigh = HIGH_HALVES[power]
  const powerLow = LOW_HALVES[power]
  const low = valueLow * powerLow - (high - valueHigh * powerHigh - valueLow * powerHigh - valueHigh * powerLow)
  const wholeLow = Math.floor(low)
  const fraction = low - wholeLow
  let upper = Math.floor(high / 1e8)
  let lower = high - upper * 1e8 + wholeLow
  if (lower < 0) {
    upper--
    lower += 1e8
  } else if (lower >= 1e8) {
    upper++
    lower -= 1e8
  }
  if (upper < 1e8 || upper >= 1e9 || fraction === 0.5) return -1
  const halfGap = HALF_GAPS[exponent - FIRST_EXPONENT] * POWERS[power]
  // An end of the interval itself reads back as the even one of its neighbours.
  const isEven = (scratchBits[0] & 1) === 0
  let whole = lower | 0
  let count = 17
  let unit = 1
  let below = fraction
  for (let index = 0; index < TENS.length; index++) {
    const next = TENS[index]
    // Nearly all end in the first two turns, for which the compiler knows how to divide without dividing.
    const remainder = (index === 0 ? whole % 10 : index === 1 ? whole % 100 : whole % next) + fraction
    const above = next - remainder
    const nearest = remainder < above ? remainder : above
    if (nearest > halfGap || (nearest === halfGap && !isEven)) break
    if (remainder === above) return -1
    unit = next
    below = remainder
    count--
  }
  if (unit > 1) whole -= unit === 10 ? whole % 10 : whole % unit
  if (below + below > unit) whole += unit
  if (whole >= 100_000_000) {
    whole -= 100_000_000
    upper++
    if (upper >= 1e9) return -1
  }
  fillDigits(upper | 0, 9, 0)
  if (count > 9) fillDigits(whole, 8, 9)
  while (digits[count - 1] === 48) count--
  return place(buffer, at, count, magnitude)
}

/** `size` digits of a number from {@link digits}[at]. */
function fillDigits(value: number, size: number, at: number): void {
  let rest = value | 0
  let index = at + size - 1
  for (; index > at; index -= 2) {
    const quotient = (rest / 100) | 0
    const pair = (rest - quotient * 100) * 2
    digits[index - 1] = PAIRS[pair]
    digits[index] = PAIRS[pair + 1]
    rest = quotient
  }
  if (index === at) digits[index] = 48 + rest
}

/** Writes the first `count` digits with the point behind the digit of 10^0. */
function place(buffer: Uint8Array, start: number, count: number, magnitude: number): number {
  let at = start
  let index = 0
  if (magnitude < 0) {
    buffer[at++] = 48
    buffer[at++] = 46
    for (let zeros = magnitude + 1; zeros < 0; zeros++) buffer[at++] = 48
  } else {
    for (; index <= magnitude; index++) buffer[at++] = index < count ? digits[index] : 48
    if (index < count) buffer[at++] = 46
  }
  for (; index < count; index++) buffer[at++] = digits[index]
  return at
}
