// The arithmetic and the words of the timeline.
import type { TimelineLine, Timeline, TimelinePoint } from '../src/protocol.ts';
import { amount } from './units.ts';

// The index of the nearest of ascending times; -1 for none.
export function nearest(times: readonly number[], time: number): number {
  let best = times.length - 1;
  for (let i = times.length - 2; i >= 0; i--) {
    if (Math.abs((times[i] ?? 0) - time) <= Math.abs((times[best] ?? 0) - time)) {
      best = i;
    }
  }
  return best;
}

export interface Ends {
  base: number; // indices
  head: number;
}

// What a stretch of time chooses: undefined if both of its ends are nearest to the same snapshot.
export function stretch(points: readonly TimelinePoint[], from: number, to: number): Ends | undefined {
  const times = points.map((point) => point.time);
  const ends = { base: nearest(times, Math.min(from, to)), head: nearest(times, Math.max(from, to)) };
  return ends.base < ends.head ? ends : undefined;
}

export function shownEnds(points: readonly TimelinePoint[]): Ends {
  const head = points.findIndex((point) => point.head);
  return { base: Math.max(0, points.findIndex((point) => point.base)), head: head < 0 ? points.length - 1 : head };
}

// One of the two ends moved; the other gives way, so that the base is before the head. Two points at least.
export function moved(ends: Ends, end: keyof Ends, to: number, count: number): Ends {
  if (end === 'base') {
    const base = Math.min(to, count - 2);
    return { base, head: Math.max(ends.head, base + 1) };
  }
  const head = Math.max(to, 1);
  return { base: Math.min(ends.base, head - 1), head };
}

// The same snapshots among those that are there now; undefined if one of them is gone.
export function still(ends: Ends, before: readonly TimelinePoint[], now: readonly TimelinePoint[]): Ends | undefined {
  const place = (index: number) => now.findIndex((point) => point.path === before[index]?.path);
  const [base, head] = [place(ends.base), place(ends.head)];
  return base < 0 || head < 0 ? undefined : { base, head };
}

// Where a process began after another one.
export function restarts(points: readonly TimelinePoint[]): number[] {
  return points.flatMap((point, i) => (point.begins && i > 0 ? [i] : []));
}

// The stretches (px) in which no line is drawn: from the last snapshot of a process to the first of the next. The library rounds the
// points of a line, and a steep line is as wide as its stroke: without allowance for both, the begin of a fall would show.
export function gaps(points: readonly TimelinePoint[], x: (index: number) => number, stroke: number): [number, number][] {
  return restarts(points).map((i) => [Math.round(x(i - 1)) - stroke / 2, Math.round(x(i)) + stroke / 2]);
}

// At most so many indices, evenly, with both ends, base, head and what restarts allow.
export function sampled(points: readonly TimelinePoint[], most: number): number[] {
  const last = points.length - 1;
  if (points.length <= most) {
    return points.map((_, i) => i);
  }
  const { base, head } = shownEnds(points);
  const kept = new Set([0, last, base, head]);
  const even = Array.from({ length: most }, (_, i) => Math.round((i * last) / (most - 1)));
  for (const i of [...restarts(points), ...spread(even)]) {
    if (kept.size < most) {
      kept.add(i);
    }
  }
  return [...kept].sort((a, b) => a - b);
}

// The same, in an order of which every beginning is spread over the whole.
function spread(values: readonly number[]): number[] {
  const steps = [8, 4, 2, 1];
  return steps.flatMap((step) => values.filter((_, i) => i % step === 0));
}

export function heading({ series, sampleType, focus, points }: Timeline): string {
  const { base, head } = shownEnds(points);
  const newer = points.length > 1 && base > head ? ' · the base is newer than the head' : '';
  return `${series === '' ? '' : `${series} · `}${sampleType} over time${newer}${focus === '' ? '' : ' · of all samples, also those out of focus'}`;
}

export function summary(data: Timeline): string {
  const { points, unit, sampleType, focus } = data;
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) {
    return 'No snapshots.';
  }
  const ends = shownEnds(points);
  if (points.length === 1) {
    return `${sampleType} in 1 snapshot: ${first.name} · ${clock(first.time)} · ${amount(first.value, unit)}.`;
  }
  const again = restarts(points).length;
  const parts = [
    `${sampleType} in ${points.length} snapshots from ${clock(first.time)} to ${clock(last.time)}`,
    `from ${amount(first.value, unit)} to ${amount(last.value, unit)}`,
    `base ${points[ends.base]?.name ?? ''}, head ${points[ends.head]?.name ?? ''}`,
    ...(focus === '' ? [] : ['of all samples, also those out of focus']),
    ...(again === 0 ? [] : [`the process began anew ${again === 1 ? 'once' : `${again} times`}`]),
  ];
  return `${parts.join('; ')}.`;
}

// By the local clock.
export function clock(time: number): string {
  const date = new Date(time * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

// Labels of an axis: no more of the time than tells them apart.
export function ticks(times: readonly number[], span: number): string[] {
  const [from, to] = span > 2 * 86_400 ? [5, 10] : span > 600 ? [11, 16] : [11, 19];
  const dated = span > 86_400 && span <= 2 * 86_400 ? [5, 16] : [from, to];
  return times.map((time) => clock(time).slice(...dated));
}

// The line of a timeline: as it was pointed at (0-based), then as recorded.
export type AskedLine = { uri: string; line: number } | TimelineLine;

// What to ask for next time: a recorded line does not move with the text. One without a number may have one in the next snapshot.
export function recorded(asked: AskedLine | undefined, { at }: Timeline): AskedLine | undefined {
  return asked !== undefined && 'uri' in asked ? (at ?? asked) : asked;
}

// The setting for a head: the newest snapshot as a word, so that newer ones are followed.
export function headSetting(name: string, newest: string): string {
  return name === newest ? 'latest' : name;
}
