// The functions that alloclens calls. Each takes its arguments from memory, 8 bytes for each, from ARGUMENTS on: for Python, to
// pass an argument to WebAssembly takes longer than many of the loops.

import * as loops from "./kernel";
import * as walk from "./walk";

const ARGUMENTS: usize = 16; // as in arena.py

export const FREE: usize = __heap_base; // memory before it is in use

function argument(place: usize): u32 {
  return load<u32>(ARGUMENTS + 8 * place);
}

export function nested(): i32 {
  return loops.nested(argument(0), argument(1), argument(2), argument(3), argument(4), argument(5));
}

export function scalars(): i32 {
  return loops.scalars(argument(0), argument(1), argument(2), argument(3));
}

export function numbers(): i32 {
  return loops.numbers(argument(0), argument(1), argument(2), argument(3), argument(4));
}

export function rows(): i32 {
  return loops.rows(argument(0), argument(1), argument(2), argument(3), argument(4), argument(5), argument(6));
}

export function rest(): i32 {
  return loops.rest(argument(0), argument(1), argument(2), argument(3), argument(4));
}

export function cum(): void {
  loops.cum(
    argument(0), argument(1), argument(2), argument(3), argument(4), argument(5), argument(6), argument(7), argument(8),
    argument(9),
  );
}

export function sums(): void {
  loops.sums(argument(0), argument(1), argument(2), argument(3), argument(4), argument(5));
}

export function owned(): void {
  loops.owned(
    argument(0), argument(1), argument(2), argument(3), argument(4), argument(5), argument(6), argument(7), argument(8),
  );
}

export function through(): u32 {
  return walk.through(argument(0), argument(1), argument(2));
}

export function advance(): u32 {
  return walk.advance(argument(0), argument(1), changetype<walk.Way>(argument(2) as usize));
}

export function grow(): u32 {
  const least = load<f64>(ARGUMENTS + 8 * 3);
  const tree = changetype<walk.Table>(argument(5) as usize), light = changetype<walk.Table>(argument(6) as usize);
  return walk.grow(argument(0), argument(1), changetype<walk.Way>(argument(2) as usize), least, argument(4), tree, light);
}
