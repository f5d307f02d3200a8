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

// Reads the numbers of the fields 1 to `width` of all messages, column by column: the last one given, 0 where there is none.
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
        store<u64>(out + 8 * (count * (number - 1) + i), varint(begin));
      }
    }
  }
  return wrong ? wrong : (count as i32);
}

// How the next ids are read, at most four, by which of the next 8 bytes have more of their id behind them: a shuffle that gives
// each id 4 bytes of its own, u32 how many ids, u32 how many bytes they have, and u64 that is 0 if there is none. They end before
// an id that has more than 3 bytes or that goes on behind the 8; the first id also takes the places that are left.
const STEP_BYTES: usize = 32;
const STEPS = memory.data(256 * 32);

for (let more: u32 = 0; more < 256; more++) {
  const step = STEPS + STEP_BYTES * more;
  let ids: u32 = 0, begin: u32 = 0;
  while (ids < 4) {
    const last = begin + ctz(~(more >> begin));
    if (last > 7 || last > begin + 2) break;
    const unused: u32 = last == begin + 2 ? 0xff000000 : last == begin + 1 ? 0xffff0000 : 0xffffff00; // these bytes become 0
    store<u32>(step + 4 * ids++, (begin * 0x010101 + 0x020100) | unused);
    begin = last + 1;
  }
  for (let place = ids; place < 4; place++) store<u32>(step + 4 * place, load<u32>(step));
  store<u32>(step, ids, 16);
  store<u32>(step, begin, 20);
  store<i64>(step, ids ? -1 : 0, 24);
}

const WINDOW: usize = 32; // bytes of four steps

let largest: u32 = 0; // of the ids that were read, each less 1

// Reads ids from `at` on, each less 1 as u32; 0xffffffff for 0 and for what is too large. Returns where they end in `out`,
// where 16 bytes behind them are overwritten.
function ids(at: usize, end: usize, out: usize): usize {
  let most = i32x4.splat(0);
  while (at < end) {
    const begin = at, left: i64 = min(end - at, WINDOW);
    const both = i8x16.bitmask(v128.load(at)) | (i8x16.bitmask(v128.load(at, 16)) << 16);
    let more = (both as u32 as i64) | (-1 << left);
    for (let i = 0; i < 4; i++) { // without a branch: it would be hard to predict
      const step = STEPS + STEP_BYTES * ((more & 0xff) as usize), read = load<u32>(step, 16), size = load<u32>(step, 20);
      const parts = v128.swizzle(v128.load(at), v128.load(step));
      const low = v128.and(parts, i32x4.splat(0x7f)), middle = v128.and(v128.shr<u32>(parts, 1), i32x4.splat(0x3f80));
      const id = v128.or(v128.or(low, middle), v128.and(v128.shr<u32>(parts, 2), i32x4.splat(0x1fc000)));
      const rows = i32x4.sub(id, i32x4.splat(1));
      most = v128.max<u32>(most, v128.and(rows, v128.load_splat<u64>(step, 24)));
      v128.store(out, rows);
      out += 4 * read;
      at += size;
      more >>= size;
    }
    if (at == begin) { // an id of more than 3 bytes
      const id = varint(at);
      store<u32>(out, id > NO_ROW ? NO_ROW : (id as u32) - 1);
      most = v128.max<u32>(most, i32x4.splat(load<u32>(out)));
      out += 4;
      at = after;
    }
  }
  if (at > end) fault(RUNS_PAST);
  const pairs = v128.max<u32>(most, v128.shuffle<u32>(most, most, 2, 3, 0, 1));
  largest = max(largest, max(i32x4.extract_lane(pairs, 0) as u32, i32x4.extract_lane(pairs, 1) as u32));
  return out;
}

// Reads numbers from `at` on as u64; returns where they end in `out`.
function wide(at: usize, end: usize, out: usize): usize {
  for (; at < end; out += 8) {
    const bytes = load<u64>(at), last = ~bytes & 0x8080808080808080;
    if (last == 0) {
      store<u64>(out, varint(at));
      at = after;
      continue;
    }
    // Without a branch for each byte: how many a number has is hard to predict.
    let value = bytes & (last ^ (last - 1)) & 0x7f7f7f7f7f7f7f7f;
    value = (value & 0x007f007f007f007f) | ((value & 0x7f007f007f007f00) >> 1);
    value = (value & 0x00003fff00003fff) | ((value & 0x3fff00003fff0000) >> 2);
    store<u64>(out, (value & 0x0fffffff) | (value >> 32 << 28));
    at += ((ctz(last) as usize) >> 3) + 1;
  }
  if (at > end) fault(RUNS_PAST);
  return out;
}

// Reads the repeated number `number` of each message, packed or not, and how many each message has: as `wide` does, or where
// T is u32 as `ids` does.
function repeated<T>(spans: usize, count: u32, number: u32, counts: usize, out: usize): i32 {
  wrong = 0;
  const first = out;
  for (let i: u32 = 0; i < count; i++) {
    const before = out;
    const end: usize = load<u32>(spans + 8 * i, 4);
    let at: usize = load<u32>(spans + 8 * i);
    while (at < end) {
      const tag = varint(at) as u32;
      const begin = after;
      at = payload(begin, end, tag & 7);
      if (tag >> 3 != number || ((tag & 7) != LENGTH && (tag & 7) != VARINT)) continue;
      const from = (tag & 7) == LENGTH ? after : begin;
      out = sizeof<T>() == 8 ? wide(from, at, out) : ids(from, at, out);
    }
    store<u32>(counts + 4 * i, ((out - before) / sizeof<T>()) as u32);
  }
  return wrong ? wrong : (((out - first) / sizeof<T>()) as i32);
}

export function numbers(spans: usize, count: u32, number: u32, counts: usize, out: usize): i32 {
  return repeated<u64>(spans, count, number, counts, out);
}

// Reads ids as rows of a table of so many: row[id - 1], or id - 1 if `row` is 0. Fails if one is none.
export function rows(spans: usize, count: u32, number: u32, row: usize, most: u32, counts: usize, out: usize): i32 {
  largest = 0;
  const read = repeated<u32>(spans, count, number, counts, out);
  if (read > 0 && row) {
    largest = 0;
    for (const end = out + 4 * (read as usize); out < end; out += 4) {
      const place = load<u32>(out), found = place < most ? load<u32>(row + 4 * (place as usize)) : NO_ROW;
      largest = max(largest, found);
      store<u32>(out, found);
    }
  }
  return read > 0 && largest >= most ? NO_SUCH_ID : read;
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

// Adds the values of a sample to a row of sums, once. Both are a u64, `whole` i64, an odd number, and `fractions` pairs of f64. The
// first says of the sums which sample was added last. All of it is 0 at first.
@inline
function add(sums: usize, sample: u64, values: usize, split: usize, row: usize): void {
  if (load<u64>(sums) == sample) return;
  store<u64>(sums, sample);
  store<i64>(sums, load<i64>(sums, 8) + load<i64>(values, 8), 8);
  for (let k: usize = 16; k < split; k += 16) v128.store(sums + k, i64x2.add(v128.load(sums + k), v128.load(values + k)));
  for (let k = split; k < row; k += 16) v128.store(sums + k, f64x2.add(v128.load(sums + k), v128.load(values + k)));
}

// Adds the values of each sample to the sums of its group, of all but those in group 0xffffffff.
export function sums(group: usize, samples: u32, values: usize, whole: u32, fractions: u32, out: usize): void {
  const split: usize = 8 + 8 * whole, row: usize = split + 16 * fractions;
  for (let i: u32 = 0; i < samples; i++, values += row) {
    const to = load<u32>(group + 4 * i);
    if (to != NO_ROW) add(out + row * to, i + 1, values, split, row);
  }
}

// How many sites are gathered before the values are added to them.
const GATHERED: usize = 4 * 1024;

// Adds the values of each sample to every site of its stack, once: cum. Location l has the sites site[siteAt[l]:siteAt[l+1]].
// `gathered` has room for GATHERED bytes, one site, and the sites of any location.
export function cum(
  locationAt: usize, location: usize, samples: u32, siteAt: usize, site: usize, values: usize, whole: u32, fractions: u32,
  gathered: usize, out: usize,
): void {
  const split: usize = 8 + 8 * whole, row: usize = split + 16 * fractions;
  for (let i: u32 = 0; i < samples; i++, values += row) {
    if (isZero(values, row)) continue;
    const end = location + 4 * (load<u32>(locationAt + 4 * i, 4) as usize);
    for (let at = location + 4 * (load<u32>(locationAt + 4 * i) as usize); at < end; ) {
      // First all sites, without a branch for those that have one location or two: which has how many is hard to predict.
      let full = gathered;
      for (; at < end && full < gathered + GATHERED; at += 4) {
        const sites = siteAt + 4 * (load<u32>(at) as usize);
        const next = site + 4 * (load<u32>(sites) as usize), size = site + 4 * (load<u32>(sites, 4) as usize) - next;
        store<u64>(full, load<u64>(next));
        for (let more: usize = 8; more < size; more += 4) store<u32>(full + more, load<u32>(next + more));
        full += size;
      }
      for (let next = gathered; next < full; next += 4) add(out + row * (load<u32>(next) as usize), i + 1, values, split, row);
    }
  }
}

// Finds for each sample the deepest of its sites that is `own`, a byte for each site, and the next other ones outwards, each once:
// `most` u32, 0xffffffff for none. Location l has the sites site[siteAt[l]:siteAt[l+1]]; `has` is a byte for each location,
// 0 if none of them is own.
export function owned(
  locationAt: usize, location: usize, samples: u32, siteAt: usize, site: usize, own: usize, has: usize, most: u32, out: usize,
): void {
  for (let i: u32 = 0; i < samples; i++, out += 4 * (most as usize)) {
    let found: u32 = 0;
    const end = location + 4 * (load<u32>(locationAt + 4 * i, 4) as usize);
    for (let at = location + 4 * (load<u32>(locationAt + 4 * i) as usize); at < end && found < most; at += 4) {
      if (!load<u8>(has + load<u32>(at))) continue;
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
