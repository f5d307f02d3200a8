// The loops over samples and frames: from protobuf's wire format to columns, and from columns to sums.
//
// AssemblyScript, compiled to ../alloclens/profile/kernel.wasm by `make kernel`. It owns no memory: every address is given,
// and MARGIN bytes behind the encoded data are readable. A span is two u32: where a message begins and where it ends.
// Source of the format: the public "Encoding" page of Protocol Buffers.

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;
const MAX_VARINT_BYTES: usize = 10;
const NO_ROW: u32 = 0xffffffff;

// What is wrong with the data; a count is never negative.
const RUNS_PAST: i32 = -1;
const TOO_LONG: i32 = -2;
const NO_SUCH_TYPE: i32 = -3;
const NO_SUCH_ID: i32 = -4;
const TOO_MANY: i32 = -5;

let after: usize = 0; // where the varint that was read ends
let wrong: i32 = 0; // the first thing that was found wrong

function fault(what: i32): void {
  if (wrong == 0) wrong = what;
}

function varint(at: usize): u64 {
  let byte: u64 = load<u8>(at);
  let value: u64 = byte & 127;
  let read: usize = 1;
  while (byte > 127) {
    if (read == MAX_VARINT_BYTES) {
      fault(TOO_LONG);
      break;
    }
    byte = load<u8>(at + read);
    value |= (byte & 127) << (7 * read);
    read++;
  }
  after = at + read;
  return value;
}

// The end of the payload that begins at `at`; of a LENGTH field, `after` is where it begins behind its length.
function payload(at: usize, end: usize, wire: u32): usize {
  let past = at;
  after = at;
  if (wire == VARINT) {
    varint(at);
    past = after;
  } else if (wire == LENGTH) {
    const size = varint(at);
    if (after > end || size > end - after) {
      fault(RUNS_PAST);
      return end;
    }
    past = after + (size as usize);
  } else if (wire == FIXED64) {
    past = at + 8;
  } else if (wire == FIXED32) {
    past = at + 4;
  } else {
    fault(NO_SUCH_TYPE);
    return end;
  }
  if (past > end) {
    fault(RUNS_PAST);
    return end;
  }
  return past;
}

// Finds the messages (or texts) of field `number` in each of `count` messages: their spans, and how many each message has.
// No more than `most` are written down.
export function nested(spans: usize, count: u32, number: u32, most: u32, counts: usize, out: usize): i32 {
  wrong = 0;
  const first = out;
  const full = out + 8 * most;
  for (let i: u32 = 0; i < count; i++) {
    const before = out;
    const end: usize = load<u32>(spans + 8 * i, 4);
    let at: usize = load<u32>(spans + 8 * i);
    while (at < end) {
      const tag = varint(at) as u32;
      at = payload(after, end, tag & 7);
      if (tag == ((number << 3) | LENGTH)) {
        if (wrong) return wrong;
        if (out == full) return TOO_MANY;
        store<u32>(out, after as u32);
        store<u32>(out, at as u32, 4);
        out += 8;
      }
    }
    store<u32>(counts + 4 * i, ((out - before) >> 3) as u32);
  }
  return wrong ? wrong : (((out - first) >> 3) as i32);
}

// Reads the numbers of the fields 1 to `width` of each message into a row: the last one given, 0 where there is none.
export function scalars(spans: usize, count: u32, width: u32, out: usize): i32 {
  wrong = 0;
  memory.fill(out, 0, 8 * count * width);
  for (let i: u32 = 0; i < count; i++) {
    const end: usize = load<u32>(spans + 8 * i, 4);
    let at: usize = load<u32>(spans + 8 * i);
    while (at < end) {
      const tag = varint(at) as u32;
      const number = tag >> 3;
      const begin = after;
      at = payload(begin, end, tag & 7);
      if ((tag & 7) == VARINT && number > 0 && number <= width) {
        store<u64>(out + 8 * (number - 1), varint(begin));
      }
    }
    out += 8 * width;
  }
  return wrong ? wrong : (count as i32);
}

// Reads the repeated number `number` of each message, packed or not, and how many each message has: as u64, or, where T is
// u32, as the row that stands for it: row[id] where id < ids, else 0xffffffff.
function repeated<T>(spans: usize, count: u32, number: u32, row: usize, ids: u64, counts: usize, out: usize): i32 {
  wrong = 0;
  const first = out;
  let unknown: u32 = 0; // a row is below 2^31
  for (let i: u32 = 0; i < count; i++) {
    const before = out;
    const end: usize = load<u32>(spans + 8 * i, 4);
    let at: usize = load<u32>(spans + 8 * i);
    while (at < end) {
      const tag = varint(at) as u32;
      let begin = after;
      at = payload(begin, end, tag & 7);
      if (tag >> 3 != number) continue;
      if ((tag & 7) == LENGTH) begin = after;
      else if ((tag & 7) != VARINT) continue;
      while (begin < at) {
        // Without a branch for one byte or two: nearly all ids have either, and which one is hard to predict.
        const pair: u32 = load<u16>(begin);
        const two = (pair >> 7) & 1;
        let value: u64 = (pair & 127) | ((pair >> 1) & 0x3f80 & (0 - two));
        let next = begin + 1 + two;
        if ((two & (pair >> 15)) == 1) {
          value = varint(begin);
          next = after;
        }
        begin = next;
        if (sizeof<T>() == 8) {
          store<u64>(out, value);
        } else {
          const found: u32 = value < ids ? load<u32>(row + 4 * (value as usize)) : NO_ROW;
          unknown |= found;
          store<u32>(out, found);
        }
        out += sizeof<T>();
      }
      if (begin > at) fault(RUNS_PAST);
    }
    store<u32>(counts + 4 * i, ((out - before) / sizeof<T>()) as u32);
  }
  if (unknown >> 31) fault(NO_SUCH_ID);
  return wrong ? wrong : (((out - first) / sizeof<T>()) as i32);
}

export function numbers(spans: usize, count: u32, number: u32, counts: usize, out: usize): i32 {
  return repeated<u64>(spans, count, number, 0, 0, counts, out);
}

export function rows(spans: usize, count: u32, number: u32, row: usize, ids: u64, counts: usize, out: usize): i32 {
  return repeated<u32>(spans, count, number, row, ids, counts, out);
}

// Copies the fields of one message except the LENGTH fields whose numbers are bits of `without`; returns how many bytes,
// at most `most`.
export function rest(begin: usize, end: usize, without: u32, most: u32, out: usize): i32 {
  wrong = 0;
  const first = out;
  const full = out + most;
  while (begin < end) {
    const tag = varint(begin) as u32;
    const past = payload(after, end, tag & 7);
    const left = (tag & 7) == LENGTH && tag >> 3 < 32 && ((without >> (tag >> 3)) & 1) == 1;
    if (wrong) return wrong;
    if (!left) {
      if (past - begin > full - out) return TOO_MANY;
      memory.copy(out, begin, past - begin);
      out += past - begin;
    }
    begin = past;
  }
  return wrong ? wrong : ((out - first) as i32);
}

function isZero(at: usize, size: usize): bool {
  for (const end = at + size; at < end; at += 8) {
    if (load<u64>(at) != 0) return false;
  }
  return true;
}

// Adds the values of each sample to every site of its stack, once: cum. Location l has the sites site[siteAt[l]:siteAt[l+1]].
// Values are rows of `whole` pairs of i64 and `fractions` pairs of f64; a row of `out`, all 0, is a u64 that says which sample
// was added last, 8 bytes of padding, and the sums.
export function cum(
  locationAt: usize, location: usize, samples: u32, siteAt: usize, site: usize, values: usize, whole: u32, fractions: u32,
  out: usize,
): void {
  const split: usize = 16 * whole, row: usize = split + 16 * fractions;
  for (let i: u32 = 0; i < samples; i++, values += row) {
    if (isZero(values, row)) continue;
    const end = location + 4 * (load<u32>(locationAt + 4 * i, 4) as usize);
    for (let at = location + 4 * (load<u32>(locationAt + 4 * i) as usize); at < end; at += 4) {
      const sites = siteAt + 4 * (load<u32>(at) as usize);
      const last = site + 4 * (load<u32>(sites, 4) as usize);
      for (let next = site + 4 * (load<u32>(sites) as usize); next < last; next += 4) {
        const sums = out + (row + 16) * (load<u32>(next) as usize);
        if (load<u64>(sums) == i + 1) continue;
        store<u64>(sums, i + 1);
        for (let k: usize = 0; k < split; k += 16) {
          v128.store(sums + k, i64x2.add(v128.load(sums + k, 16), v128.load(values + k)), 16);
        }
        for (let k = split; k < row; k += 16) {
          v128.store(sums + k, f64x2.add(v128.load(sums + k, 16), v128.load(values + k)), 16);
        }
      }
    }
  }
}

// Finds for each sample the deepest of its sites that is `own`, a byte for each site, and the next other ones outwards, each once:
// `most` u32, 0xffffffff for none. Location l has the sites site[siteAt[l]:siteAt[l+1]].
export function owned(
  locationAt: usize, location: usize, samples: u32, siteAt: usize, site: usize, own: usize, most: u32, out: usize,
): void {
  for (let i: u32 = 0; i < samples; i++, out += 4 * (most as usize)) {
    let found: u32 = 0;
    const end = location + 4 * (load<u32>(locationAt + 4 * i, 4) as usize);
    for (let at = location + 4 * (load<u32>(locationAt + 4 * i) as usize); at < end && found < most; at += 4) {
      const sites = siteAt + 4 * (load<u32>(at) as usize);
      const last = site + 4 * (load<u32>(sites, 4) as usize);
      for (let next = site + 4 * (load<u32>(sites) as usize); next < last && found < most; next += 4) {
        const other = load<u32>(next);
        if (load<u8>(own + other) && !holds(out, found, other)) store<u32>(out + 4 * (found++ as usize), other);
      }
    }
    for (; found < most; found++) store<u32>(out + 4 * (found as usize), NO_ROW);
  }
}

// Whether a number is among the first of some.
function holds(numbers: usize, count: u32, wanted: u32): bool {
  for (let i: u32 = 0; i < count; i++) if (load<u32>(numbers + 4 * (i as usize)) == wanted) return true;
  return false;
}
