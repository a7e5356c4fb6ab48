// AssemblyScript; compiled to series-kernel.wasm by `node scripts/build-kernels.mjs`. What it does and for whom: series-kernel.ts.
// Its twins, and the oracle of its tests: SnappyDecoder and RemoteWriteReader of @quartet/model.
//
// One linear memory: records of spellings, their hash table, and the buffers of the request being read. Only the last two are ever
// moved; what they leave behind is filled with records.

/** Of a record: bytes(u32) hash(u32) next(u32) series(i32), then the bytes. Its address is the spelling's id. */
const HEADER: usize = 16
/** Room behind a buffer for copies of whole vectors. */
const SLACK: usize = 64
const NONE: u32 = 0
const FIRST_SLOTS: u32 = 2048
const FIRST_SAMPLES: u32 = 1024

/** Read by JavaScript. */
export let inputAt: usize = 0
export let outputAt: usize = 0
export let seriesCount: u32 = 0
export let unknownCount: u32 = 0
export let maxMs: f64 = 0
export let spellingCount: u32 = 0
export let seriesStartAt: usize = 0
export let seriesEndAt: usize = 0
export let seriesRefAt: usize = 0
export let sampleSeriesAt: usize = 0
export let sampleRefAt: usize = 0
export let timesAt: usize = 0
export let valuesAt: usize = 0
export let usedBytes: usize = 0

let inputBytes: usize = 0
let outputBytes: usize = 0
let capacity: u32 = 0
let slotsAt: usize = 0
let slotCount: u32 = 0
/** A record without bytes, which the first spelling follows. */
let first: usize = 0
/** The spelling that was found last. */
let previous: usize = 0

let top: usize = 0
let spareAt: usize = 0
let spareEnd: usize = 0

export function init(): void {
  top = 1024
  first = allocate(HEADER)
  previous = first
  slotCount = FIRST_SLOTS
  slotsAt = allocate(<usize>slotCount << 2)
  makeColumns(FIRST_SAMPLES)
}

// --- memory ---------------------------------------------------------------------------------------------------------

/** Zeroed only when it is new memory. */
function allocate(size: usize): usize {
  const needed = (size + 7) & ~7
  usedBytes += needed
  if (spareEnd - spareAt >= needed) {
    const spare = spareAt
    spareAt += needed
    return spare
  }
  const at = top
  top += needed
  const have = <usize>memory.size() << 16
  if (top > have) {
    const missing = <i32>((top - have + 65535) >> 16)
    // By an eighth at least, so that growing, after which JavaScript makes new views, is rare.
    const wanted = max<i32>(missing, max<i32>(16, memory.size() >> 3))
    if (memory.grow(wanted) < 0 && memory.grow(missing) < 0) unreachable()
  }
  return at
}

/** The larger of what is left of the spare space and what is given back becomes the spare space. */
function release(at: usize, size: usize): void {
  usedBytes -= size
  if (size > spareEnd - spareAt) {
    spareAt = at
    spareEnd = at + size
  }
}

/** Makes room for a compressed request; JavaScript writes it to {@link inputAt}. */
export function reserveInput(size: usize): void {
  if (size + SLACK <= inputBytes) return
  if (inputBytes > 0) release(inputAt, inputBytes)
  inputBytes = (max<usize>(size + SLACK, inputBytes << 1) + 7) & ~7
  inputAt = allocate(inputBytes)
}

/** Makes room for a request that is not compressed; JavaScript writes it to {@link outputAt}. */
export function reserveOutput(size: usize): void {
  if (size + SLACK <= outputBytes) return
  if (outputBytes > 0) release(outputAt, outputBytes)
  outputBytes = (max<usize>(size + SLACK, outputBytes << 1) + 7) & ~7
  outputAt = allocate(outputBytes)
}

export function growColumns(): void {
  release(timesAt, <usize>capacity * 36)
  makeColumns(capacity << 1)
}

function makeColumns(count: u32): void {
  const size = <usize>count
  capacity = count
  timesAt = allocate(size * 36)
  valuesAt = timesAt + size * 8
  seriesStartAt = valuesAt + size * 8
  seriesEndAt = seriesStartAt + size * 4
  seriesRefAt = seriesEndAt + size * 4
  sampleSeriesAt = seriesRefAt + size * 4
  sampleRefAt = sampleSeriesAt + size * 4
}

// --- spellings ------------------------------------------------------------------------------------------------------

@inline
function hashOf(start: usize, end: usize): u32 {
  const multiplier: u64 = 0x9e3779b97f4a7c15
  let hash: u64 = <u64>(end - start) * multiplier
  let at = start
  for (; at + 8 <= end; at += 8) {
    hash = (hash ^ load<u64>(at)) * multiplier
    hash ^= hash >> 29
  }
  for (; at < end; at++) hash = (hash ^ <u64>load<u8>(at)) * multiplier
  hash ^= hash >> 32
  return <u32>hash
}

/** Whether `size` bytes are the same. */
@inline
function isSame(a: usize, b: usize, size: usize): bool {
  if (size < 16) {
    for (let at: usize = 0; at < size; at++) if (load<u8>(a + at) != load<u8>(b + at)) return false
    return true
  }
  const last = size - 16
  for (let at: usize = 0; at < last; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false
  }
  return !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)))
}

function slotOf(hash: u32, start: usize, size: usize): usize {
  const mask = slotCount - 1
  let slot = hash & mask
  while (true) {
    const at = slotsAt + (<usize>slot << 2)
    const record = <usize>load<u32>(at)
    if (record == NONE) return at
    if (load<u32>(record, 4) == hash && load<u32>(record) == <u32>size && isSame(record + HEADER, start, size)) return at
    slot = (slot + 1) & mask
  }
}

/** The spelling of these bytes, or 0; it is expected next when the one before it comes again. */
export function find(start: usize, end: usize): usize {
  const size = end - start
  const guess = <usize>load<u32>(previous, 8)
  if (guess != NONE && load<u32>(guess) == <u32>size && isSame(guess + HEADER, start, size)) {
    previous = guess
    return guess
  }
  const record = <usize>load<u32>(slotOf(hashOf(start, end), start, size))
  if (record != NONE) {
    store<u32>(previous, <u32>record, 8)
    previous = record
  }
  return record
}

/** Adds bytes that {@link find} does not find. They may lie in a buffer, which stays as it is. */
export function add(start: usize, end: usize, series: i32): usize {
  if (spellingCount << 1 >= slotCount) growSlots()
  const size = end - start
  const record = allocate(HEADER + size)
  const hash = hashOf(start, end)
  store<u32>(record, <u32>size)
  store<u32>(record, hash, 4)
  store<u32>(record, NONE, 8)
  store<i32>(record, series, 12)
  memory.copy(record + HEADER, start, size)
  store<u32>(slotOf(hash, start, size), <u32>record)
  spellingCount++
  store<u32>(previous, <u32>record, 8)
  previous = record
  return record
}

function growSlots(): void {
  const old = slotsAt
  const oldCount = slotCount
  slotCount <<= 1
  const size = <usize>slotCount << 2
  slotsAt = allocate(size)
  memory.fill(slotsAt, 0, size)
  const mask = slotCount - 1
  for (let index: u32 = 0; index < oldCount; index++) {
    const record = load<u32>(old + (<usize>index << 2))
    if (record == NONE) continue
    let slot = load<u32>(<usize>record, 4) & mask
    while (load<u32>(slotsAt + (<usize>slot << 2)) != NONE) slot = (slot + 1) & mask
    store<u32>(slotsAt + (<usize>slot << 2), record)
  }
  release(old, <usize>oldCount << 2)
}

/**
 * Whether label messages are written in the one way that needs no rewriting: minimal lengths, name before value, both in ASCII and
 * not empty, names ascending, `__name__` among them. What is not may still be fine, but takes a closer look.
 */
export function isCanonical(start: usize, end: usize): bool {
  let at = start
  let nameAt: usize = 0
  let nameBytes: usize = 0
  let hasName = false
  while (at < end) {
    // Lengths below 128 only, but for the message's and the value's.
    if (end - at < 4 || load<u8>(at) != 0x0a) return false
    let size = <usize>load<u8>(at + 1)
    at += 2
    if (size > 127) {
      const high = <usize>load<u8>(at++)
      if (high > 127 || high == 0) return false
      size = (size & 127) | (high << 7)
    }
    const messageEnd = at + size
    if (messageEnd > end || size < 6 || load<u8>(at) != 0x0a) return false
    const bytes = <usize>load<u8>(at + 1)
    const name = at + 2
    if (bytes == 0 || bytes > 127 || name + bytes + 3 > messageEnd) return false
    at = name + bytes
    if (load<u8>(at) != 0x12) return false
    let valueBytes = <usize>load<u8>(at + 1)
    at += 2
    if (valueBytes > 127) {
      const high = <usize>load<u8>(at++)
      if (high > 127 || high == 0) return false
      valueBytes = (valueBytes & 127) | (high << 7)
    }
    if (valueBytes == 0 || at + valueBytes != messageEnd) return false
    if (!isAscii(name, messageEnd)) return false
    if (nameAt != 0 && !isBefore(nameAt, nameBytes, name, bytes)) return false
    // "__name__", little-endian
    if (bytes == 8 && load<u64>(name) == 0x5f5f656d616e5f5f) hasName = true
    nameAt = name
    nameBytes = bytes
    at = messageEnd
  }
  return hasName
}

@inline
function isAscii(start: usize, end: usize): bool {
  let at = start
  let bits: u64 = 0
  for (; at + 8 <= end; at += 8) bits |= load<u64>(at)
  for (; at < end; at++) bits |= <u64>load<u8>(at)
  return (bits & 0x8080808080808080) == 0
}

@inline
function isBefore(a: usize, aBytes: usize, b: usize, bBytes: usize): bool {
  const common = min<usize>(aBytes, bBytes)
  for (let at: usize = 0; at < common; at++) {
    const left = load<u8>(a + at)
    const right = load<u8>(b + at)
    if (left != right) return left < right
  }
  return aBytes < bBytes
}

// --- a request ------------------------------------------------------------------------------------------------------

/**
 * Undoes snappy's block format from the input into the output. Returns the output's size, or -1 when the input is corrupt or
 * larger than `maxBytes` when decoded: the twin knows what to say.
 * Source: google/snappy, format_description.txt.
 */
export function decode(size: usize, maxBytes: usize): i32 {
  let at = inputAt
  const end = inputAt + size
  let expected: u64 = 0
  let shift: u64 = 0
  for (;;) {
    if (at == end || shift > 28) return -1
    const byte = <u64>load<u8>(at++)
    expected |= (byte & 127) << shift
    shift += 7
    if (byte < 128) break
  }
  if (expected > <u64>maxBytes || expected > <u64>size * 32) return -1
  reserveOutput(<usize>expected)
  let to = outputAt
  const stop = outputAt + <usize>expected
  while (at < end) {
    const tag = <u32>load<u8>(at++)
    const kind = tag & 3
    if (kind == 0) {
      let length = <usize>(tag >> 2)
      if (length >= 60) {
        const extra = length - 59
        if (at + extra > end) return -1
        // May read behind the input, into its slack.
        length = <usize>(load<u32>(at) & (<u32>0xffffffff >> ((4 - <u32>extra) << 3)))
        at += extra
        if (length > 0x7ffffffe) return -1
      }
      length++
      if (length > end - at || length > stop - to) return -1
      if (length <= 16) v128.store(to, v128.load(at))
      else memory.copy(to, at, length)
      to += length
      at += length
      continue
    }
    let length: usize
    let offset: usize
    if (kind == 1) {
      if (at >= end) return -1
      length = <usize>((tag >> 2) & 7) + 4
      offset = <usize>((tag >> 5) << 8) | <usize>load<u8>(at++)
    } else if (kind == 2) {
      if (at + 2 > end) return -1
      length = <usize>(tag >> 2) + 1
      offset = <usize>load<u16>(at)
      at += 2
    } else {
      if (at + 4 > end) return -1
      length = <usize>(tag >> 2) + 1
      offset = <usize>load<u32>(at)
      at += 4
    }
    if (offset == 0 || offset > to - outputAt || length > stop - to) return -1
    let from = to - offset
    const next = to + length
    if (offset >= 16) {
      // At most 15 bytes too many, which are written over or lie in the slack.
      do {
        v128.store(to, v128.load(from))
        to += 16
        from += 16
      } while (to < next)
    } else if (offset >= 8) {
      do {
        store<u64>(to, load<u64>(from))
        to += 8
        from += 8
      } while (to < next)
    } else {
      // An overlapping copy repeats what it has just written; that is how snappy codes runs.
      while (to < next) store<u8>(to++, load<u8>(from++))
    }
    to = next
  }
  return to == stop ? <i32>expected : -1
}

/** The request is not of the plain shape that {@link read} knows. */
const NOT_PLAIN: i32 = -1
/** The columns are full: {@link growColumns} and read again. */
const FULL: i32 = -2

/**
 * Reads `size` bytes of the output as a WriteRequest of plain shape, as senders write it: series with their labels first and their
 * samples behind them, nothing else. Fills the columns and returns the number of samples. A series' ref is -1 when its spelling is
 * unknown.
 */
export function read(size: usize): i32 {
  let at = outputAt
  const end = at + size
  let series: u32 = 0
  let samples: u32 = 0
  let unknown: u32 = 0
  let newestMs: f64 = -Infinity
  while (at < end) {
    if (load<u8>(at++) != 0x0a) return NOT_PLAIN
    let length: u32 = 0
    for (let shift: u32 = 0; ; shift += 7) {
      if (at == end || shift > 21) return NOT_PLAIN
      const byte = <u32>load<u8>(at++)
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    if (<usize>length > end - at) return NOT_PLAIN
    const seriesEnd = at + <usize>length
    if (series == capacity) return FULL
    const labelsStart = at
    const record = predicted(at, seriesEnd)
    if (record != NONE) at += <usize>load<u32>(record)
    else {
      while (at < seriesEnd && load<u8>(at) == 0x0a) {
        at++
        let size: u32 = 0
        for (let shift: u32 = 0; ; shift += 7) {
          if (at == seriesEnd || shift > 21) return NOT_PLAIN
          const byte = <u32>load<u8>(at++)
          size |= (byte & 127) << shift
          if (byte < 128) break
        }
        if (<usize>size > seriesEnd - at) return NOT_PLAIN
        at += <usize>size
      }
    }
    const found = record != NONE ? record : find(labelsStart, at)
    const ref = found != NONE ? load<i32>(found, 12) : -1
    if (ref < 0) unknown++
    store<u32>(seriesStartAt + (<usize>series << 2), <u32>(labelsStart - outputAt))
    store<u32>(seriesEndAt + (<usize>series << 2), <u32>(at - outputAt))
    store<i32>(seriesRefAt + (<usize>series << 2), ref)
    while (at < seriesEnd) {
      if (seriesEnd - at < 2 || load<u8>(at) != 0x12) return NOT_PLAIN
      const bytes = <usize>load<u8>(at + 1)
      at += 2
      if (bytes > 127 || bytes > seriesEnd - at) return NOT_PLAIN
      const sampleEnd = at + bytes
      let value: u64 = 0
      let time: i64 = 0
      if (bytes >= 9 && load<u8>(at) == 0x09) {
        value = load<u64>(at + 1)
        at += 9
      }
      if (at < sampleEnd) {
        if (load<u8>(at++) != 0x10) return NOT_PLAIN
        for (let shift: i64 = 0; ; shift += 7) {
          if (at == sampleEnd || shift > 63) return NOT_PLAIN
          const byte = <i64>load<u8>(at++)
          time |= (byte & 127) << shift
          if (byte < 128) break
        }
        if (at != sampleEnd) return NOT_PLAIN
      }
      if (samples == capacity) return FULL
      const timeMs = <f64>time
      if (timeMs > newestMs) newestMs = timeMs
      store<u64>(valuesAt + (<usize>samples << 3), value)
      store<f64>(timesAt + (<usize>samples << 3), timeMs)
      store<u32>(sampleSeriesAt + (<usize>samples << 2), series)
      store<i32>(sampleRefAt + (<usize>samples << 2), ref)
      samples++
    }
    series++
  }
  seriesCount = series
  unknownCount = unknown
  maxMs = newestMs
  return <i32>samples
}

/** The spelling that followed last time, when [at, end) begins with it and no other label comes behind it. */
@inline
function predicted(at: usize, end: usize): usize {
  const guess = <usize>load<u32>(previous, 8)
  if (guess == NONE) return NONE
  const size = <usize>load<u32>(guess)
  if (size > end - at || !isSame(guess + HEADER, at, size)) return NONE
  if (at + size < end && load<u8>(at + size) == 0x0a) return NONE
  previous = guess
  return guess
}
