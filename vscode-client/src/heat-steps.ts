// How hot a line is, in five steps by the logarithm of its share.
import type { HotLine } from './protocol.ts';

export const STEPS = 5;

export interface HeatLine {
  line: number; // 0-based
  step: number; // 1 to STEPS; 0: only calls pass through it
  grown: boolean;
}

// Each step begins at four times the share of the one before; the last begins at a quarter of the whole.
export function step(value: number, whole: number): number {
  if (value <= 0 || whole <= 0) {
    return 0;
  }
  const unclamped = STEPS + 1 + Math.floor(Math.log2(value / whole) / 2);
  return Math.min(Math.max(unclamped, 1), STEPS);
}

// Returns the lines of each file by its URI; if a line has several numbers, the hottest counts.
export function heat(sites: readonly HotLine[]): Map<string, HeatLine[]> {
  const whole = total(sites);
  const files = new Map<string, Map<number, HeatLine>>();
  for (const site of sites) {
    if (site.location !== null) {
      const lines = files.get(site.location.uri) ?? new Map<number, HeatLine>();
      files.set(site.location.uri, lines);
      add(lines, { line: site.location.range.start.line, step: step(weight(site), whole), grown: site.grew });
    }
  }
  return new Map([...files].map(([uri, lines]) => [uri, [...lines.values()].filter(({ step, grown }) => step > 0 || grown)]));
}

function add(lines: Map<number, HeatLine>, added: HeatLine): void {
  const { line, step, grown } = added;
  const old = lines.get(line) ?? added;
  lines.set(line, { line, step: Math.max(step, old.step), grown: grown || old.grown });
}

function weight({ flat, owned }: HotLine): number {
  return Math.max(Math.abs(flat), Math.abs(owned));
}

// Every sample is flat in one line, so the sum is the whole, except for the lightest lines, which the server leaves out.
function total(sites: readonly HotLine[]): number {
  const flat = sites.reduce((sum, site) => sum + Math.abs(site.flat), 0);
  return sites.reduce((most, site) => Math.max(most, weight(site)), flat);
}
