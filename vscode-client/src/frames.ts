// Returns the frames of stacks that can be opened, each line once, heaviest stack first.
import type { Location, LineStack } from './protocol.ts';

export interface PlacedFrames {
  locations: Location[];
  said: string; // says how many frames were not found; empty if none
}

export function placedFrames(stacks: readonly LineStack[]): PlacedFrames {
  const frames = stacks.flatMap((stack) => stack.frames);
  const byLine = new Map<string, Location>();
  for (const { location } of frames) {
    if (location !== null && !byLine.has(key(location))) {
      byLine.set(key(location), location);
    }
  }
  const missing = new Set(frames.filter((frame) => frame.location === null).map((frame) => frame.label)).size;
  return { locations: [...byLine.values()], said: missing === 0 ? '' : ` · frames that are not in this workspace: ${missing}` };
}

function key({ uri, range }: Location): string {
  return `${uri}:${range.start.line}`;
}
