// The next or previous hot line from a place: by line within the file, then on to the next file, round and round.
import type { HotLine } from './protocol.ts';

export type Step = 1 | -1;

export interface Place {
  uri: string;
  line: number; // 0-based
}

export function neighbour(lines: readonly HotLine[], from: Place, step: Step): HotLine | undefined {
  const ordered = [...lines].sort((a, b) => compare(place(a), place(b)));
  const directed = step === 1 ? ordered : ordered.reverse();
  return directed.find((line) => compare(place(line), from) * step > 0) ?? directed[0];
}

function place(line: HotLine): Place {
  return { uri: line.location.uri, line: line.location.range.start.line };
}

function compare(a: Place, b: Place): number {
  if (a.uri !== b.uri) {
    return a.uri < b.uri ? -1 : 1;
  }
  return a.line - b.line;
}
