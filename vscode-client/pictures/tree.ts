// The tree of a flame graph: what the chart draws of it, places in it by their paths, and parts that come later.
import type { Flame, FlameNode } from '../src/protocol.ts';
import { shortName } from './packages.ts';
import { amount } from './units.ts';

// What a path tells functions apart by: of one name there may be several, in different files.
export type Site = readonly [name: string, file: string];

// What d3-flame-graph draws: `value` is a width. It puts marks of its own on these, so they are made anew for each drawing.
export interface Cell {
  name: string;
  value: number;
  key: string; // unique, and the same in the next drawing
  path: readonly Site[];
  node: FlameNode;
  children: Cell[];
}

// A frame is as wide as its children at least: in a difference some of them may be negative, which have no width.
export function cells(node: FlameNode, path: readonly Site[] = [], key = ''): Cell {
  const children = node.children.map((child) => {
    const site = [child.name, child.file] as const;
    return cells(child, [...path, site], key + JSON.stringify(site));
  });
  const inner = children.reduce((sum, child) => sum + child.value, 0);
  return { name: node.name, value: Math.max(node.value, inner, 0), key, path, node, children };
}

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

// The tree with another node at a path; the tree itself where there is no such place, or the part is of something else.
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
  value: number; // each byte once: frames beneath one that is found add nothing
}

export function search(node: FlameNode, term: string, inside = false): Found {
  const hit = matches(node.name, term);
  const found = { frames: hit ? 1 : 0, value: hit && !inside ? node.value : 0 };
  for (const child of node.children) {
    const below = search(child, term, inside || hit);
    found.frames += below.frames;
    found.value += below.value;
  }
  return found;
}

// What a person hears of a frame.
export function spoken({ name, label, growthLabel }: FlameNode): string {
  const growth = growthLabel.replace('▲', 'grew by ').replace('▼', 'shrank by ');
  return [name, label, growth].filter((part) => part !== '').join(', ');
}

// What is seen of all there is.
export function heading({ root, unit, total, totalLabel, base, focus, truncated }: Flame): string {
  const parts = [root.value === total ? totalLabel : `${amount(root.value, unit)} of ${totalLabel}`];
  parts.push(...(focus === '' ? [] : [shortFocus(focus)]), ...(base ? ['growth since the base'] : []));
  parts.push(...(truncated ? ['the lightest frames are left out'] : []));
  return parts.join(' · ');
}

// Why there is no frame, in words; '' where there are some. `term`: only the stacks through such functions are wanted.
export function nothing({ root, focus }: Flame, term: string): string {
  if (root.children.length > 0 || root.more) {
    return '';
  }
  if (term !== '') {
    return `No sample passes through a function with “${term}” in its name.`;
  }
  return focus === '' ? 'There are no samples.' : `No sample passes ${shortFocus(focus)}.`;
}

// Functions without the paths of their packages; a pattern stays as it was typed.
export function shortFocus(focus: string): string {
  return focus.replace(/[^\s,]+/g, (word) => (/[|^$\\+?]|\.\*/.test(word) ? word : shortName(word)));
}
