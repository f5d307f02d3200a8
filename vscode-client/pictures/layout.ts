// Where the frames of a flame graph are: a row for each depth, and within its caller each frame as wide as its value.
import type { HierarchyRectangularNode } from 'd3-hierarchy';
import { hierarchy, partition } from 'd3-hierarchy';
import type { FlameNode } from '../src/protocol.ts';
import type { Site } from './tree.ts';
import { isOf } from './tree.ts';

export type Frame = HierarchyRectangularNode<FlameNode>; // from x0 to x1: shares of the root's width

export interface Placed {
  frame: Frame;
  x: number; // px
  width: number; // px
  outside: boolean; // it calls the frame that is zoomed into
}

const MIN_WIDTH = 1; // px; narrower frames are not drawn

// A frame is at least as wide as its children: in a difference some of them may be negative, and those have no width.
export function layout(root: FlameNode): Frame {
  const tree = hierarchy(root).eachAfter((node) => {
    const inner = node.children?.reduce((sum, child) => sum + (child.value ?? 0), 0) ?? 0;
    Object.assign(node, { value: Math.max(node.data.value, inner, 0) });
  });
  return partition<FlameNode>()(tree);
}

// The frames to draw when one of them is zoomed into: it and its callers take the whole width.
export function placed(zoomed: Frame, width: number): Placed[] {
  const scale = width / (zoomed.x1 - zoomed.x0);
  const callers = zoomed.ancestors().slice(1).reverse();
  const outside = callers.map((frame) => ({ frame, x: 0, width, outside: true }));
  const inside = zoomed.descendants().map((frame) => (
    { frame, x: (frame.x0 - zoomed.x0) * scale, width: (frame.x1 - frame.x0) * scale, outside: false }
  ));
  return [...outside, ...inside].filter((place) => place.width > MIN_WIDTH);
}

// The deepest frame along a path that exists.
export function find(root: Frame, path: readonly Site[]): Frame {
  let deepest = root;
  for (const site of path) {
    const next = deepest.children?.find((child) => isOf(child.data, site));
    if (next === undefined) {
      break;
    }
    deepest = next;
  }
  return deepest;
}

export function pathOf(frame: Frame): Site[] {
  return frame.ancestors().reverse().slice(1).map(({ data }) => [data.name, data.file] as const);
}
