// The tree of a flame graph: finding nodes by path, adding parts that arrive later, and describing it in words.
import type { Flame, FlameNode } from '../src/protocol.ts';
import { shortName } from './packages.ts';
import { amount } from './units.ts';

// A function in a path. Several functions may have one name, in different files.
export type Site = readonly [name: string, file: string];

export function at(root: FlameNode, path: readonly Site[]): FlameNode | undefined {
  let node: FlameNode | undefined = root;
  for (const site of path) {
    node = node?.children.find((child) => isOf(child, site));
  }
  return node;
}

export function isOf(node: FlameNode, [name, file]: Site): boolean {
  return node.name === name && node.file === file;
}

export function hasMore(node: FlameNode): boolean {
  return node.more || node.children.some(hasMore);
}

// Replaces the node at a path. Returns the tree itself if there is no such node, or if the part is of another function.
export function graft(root: FlameNode, path: readonly Site[], part: FlameNode): FlameNode {
  const [next, ...rest] = path;
  if (next === undefined) {
    return isOf(part, [root.name, root.file]) ? part : root;
  }
  const children = root.children.map((child) => (isOf(child, next) ? graft(child, rest, part) : child));
  return { ...root, children };
}

export function matches(name: string, term: string): boolean {
  return term !== '' && name.toLowerCase().includes(term.toLowerCase());
}

export interface Found {
  frames: number;
  value: number; // each byte once: frames below a match add nothing
}

export function search(node: FlameNode, term: string, inside = false): Found {
  const hit = matches(node.name, term);
  const hits = { frames: hit ? 1 : 0, value: hit && !inside ? node.value : 0 };
  for (const child of node.children) {
    const below = search(child, term, inside || hit);
    hits.frames += below.frames;
    hits.value += below.value;
  }
  return hits;
}

// What a screen reader says of a frame.
export function spoken({ name, verdict, label, growth }: Pick<FlameNode, 'name' | 'verdict' | 'label' | 'growth'>): string {
  const grew = (growth?.label ?? '').replace('▲', 'grew by ').replace('▼', 'shrank by ');
  return [name, verdict, label, grew].filter((part) => part !== '').join(', ');
}

// What stands in the picture.
export function drawnName({ name, verdict }: Pick<FlameNode, 'name' | 'verdict'>): string {
  return `${verdict === '' ? '' : `⚠ ${verdict} · `}${shortName(name)}`;
}

// The accessible name of a frame: it begins with what stands in the picture, by which a person who speaks to the machine names it.
export function labelled(node: FlameNode): string {
  return node.verdict === '' ? spoken(node) : `${drawnName(node)}: ${spoken({ ...node, verdict: '' })}`;
}

// How much of the whole is shown.
export function heading(flame: Flame): string {
  const { root, unit, total, totalLabel, truncated } = flame;
  const whole = root.value === total ? totalLabel : `${amount(root.value, unit)} of ${totalLabel}`;
  return drawnOf(flame, whole, truncated ? ['the lightest frames are left out'] : []);
}

// What every picture says first: the series, the whole, the focus, base and head.
export function drawnOf({ series, ends, base, shortFocus }: Pick<Flame, 'series' | 'ends' | 'base' | 'shortFocus'>, whole: string, rest: readonly string[]): string {
  const parts = [series, whole, shortFocus, ends, base ? 'growth since the base' : '', ...rest];
  return parts.filter((part) => part !== '').join(' · ');
}

// Why there is no frame, or ''. `term`: only the stacks through functions that match it are wanted.
export function nothing({ root, shortFocus }: Flame, term: string): string {
  if (root.children.length > 0 || root.more) {
    return '';
  }
  if (term !== '') {
    return `No sample passes through a function with “${term}” in its name.`;
  }
  return shortFocus === '' ? 'There are no samples.' : `No sample passes ${shortFocus}.`;
}
