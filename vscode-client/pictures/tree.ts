// The tree of a flame graph: what the chart draws of it, places in it by their paths, and parts that come later.
import type { Flame, FlameNode } from './data.ts';

// What d3-flame-graph draws: `value` is a width. It puts marks of its own on these, so they are made anew for each drawing.
export interface Cell {
  name: string;
  value: number;
  key: string; // unique, and the same in the next drawing
  path: readonly string[];
  node: FlameNode;
  children: Cell[];
}

// A frame is as wide as its children at least: in a difference some of them may be negative, which have no width.
export function cells(node: FlameNode, path: readonly string[] = [], key = ''): Cell {
  const seen = new Map<string, number>();
  const children = node.children.map((child) => {
    const before = seen.get(child.name) ?? 0; // functions of one name in different files
    seen.set(child.name, before + 1);
    return cells(child, [...path, child.name], `${key}\n${child.name}${before === 0 ? '' : `\t${before}`}`);
  });
  const inner = children.reduce((sum, child) => sum + child.value, 0);
  return { name: node.name, value: Math.max(node.value, inner, 0), key, path, node, children };
}

export function at(root: FlameNode, path: readonly string[]): FlameNode | undefined {
  let node: FlameNode | undefined = root;
  for (const name of path) {
    node = node?.children.find((child) => child.name === name);
  }
  return node;
}

export function hasMore(node: FlameNode): boolean {
  return node.more || node.children.some(hasMore);
}

// The tree with another node at a path; the tree itself where there is no such place, or the part is of something else.
export function graft(root: FlameNode, path: readonly string[], part: FlameNode): FlameNode {
  if (path.length === 0) {
    return part.name === root.name ? part : root;
  }
  const place = root.children.findIndex((child) => child.name === path[0]);
  const child = root.children[place];
  if (child === undefined) {
    return root;
  }
  const children = [...root.children];
  children[place] = graft(child, path.slice(1), part);
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

export function heading({ totalLabel, base, focus, truncated }: Flame): string {
  const parts = [totalLabel];
  parts.push(...(base ? ['growth since the base'] : []), ...(focus === '' ? [] : [`focus: ${focus}`]));
  parts.push(...(truncated ? ['the lightest frames are left out'] : []));
  return parts.join(' · ');
}
