// The rows of the view Stacks: the callers or callees of a line, requested one level at a time.
import type { Direction, StackTreeNode } from '../protocol.ts';
import type { Place, Row } from './rows.ts';
import { code, escape, fileName, MISSING, placeOf, said, unique } from './rows.ts';

// The line whose stacks are shown, and the direction.
export interface Root {
  at: Place;
  direction: Direction;
}

export interface FrameRow extends Row {
  root: Root;
  path: readonly string[]; // the ids from the root to this row
}

const OPEN_LEVELS = 8; // of the heaviest path

// The rows below a path, heaviest first. `heaviest`: whether the path is the heaviest one so far; what continues from there is expanded.
export function frameRows(nodes: readonly StackTreeNode[], root: Root, path: readonly string[], heaviest = path.length === 0): FrameRow[] {
  const open = heaviest && path.length < OPEN_LEVELS;
  return unique(nodes.map((node, i) => row(node, root, [...path, node.id], open && i === 0)));
}

function row(node: StackTreeNode, root: Root, path: readonly string[], open: boolean): FrameRow {
  const { name, file } = frameOf(node.id);
  const place = node.location === null && file === '' ? undefined : placeOf(node.location); // the row of a kind of profile has no line
  const description = said(node.detail, place === null ? MISSING : '');
  return {
    id: [root.direction, ...path].join('\n\n'),
    label: node.label,
    description,
    tooltip: [code(name === '' ? node.label : name), escape(said(node.label, description))].join('\n\n'),
    icon: { id: node.id === '' ? 'ellipsis' : node.own ? 'symbol-method' : 'library' },
    kind: 'frame',
    folding: node.leaf ? 'leaf' : open ? 'open' : 'closed',
    ...(place !== undefined && { place }),
    function: name,
    root,
    path,
  };
}

// Returns the function and the file of a frame from the server's id; the label has a short name. A kind of profile has neither.
export function frameOf(id: string): { name: string; file: string } {
  try {
    const [name, file] = JSON.parse(id) as unknown[];
    return typeof name === 'string' && typeof file === 'string' ? { name, file } : { name: '', file: '' };
  } catch {
    return { name: '', file: '' };
  }
}

export function titleOf({ at, direction }: Root): string {
  return `${direction} of ${placeName(at)}`;
}

export function placeName(at: Place): string {
  return `${fileName(decodeURIComponent(at.uri))}:${at.line + 1}`;
}

export function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  return a?.uri === b?.uri && a?.line === b?.line;
}
