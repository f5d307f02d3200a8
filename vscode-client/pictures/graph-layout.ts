// Where the nodes and edges of a call graph are: dagre places them in layers, callers above.
import dagre from '@dagrejs/dagre';
import type { Graph, GraphNode } from '../src/protocol.ts';
import { packageOf, shortName } from './packages.ts';

const BASE_FONT = 9; // px; pprof's is 8, with as much growth
const FONT_GROWTH = 16; // px
const LINE = 1.3; // of the font's size
const GLYPH = 0.62; // of the font's size; a generous mean
const PADDING = 6; // px
const MOST_CHARACTERS = 46; // of a line; more are cut off in the middle

// Returns the number of the function to begin with: one that leaks, else one with another verdict, of these the one that holds or
// passes most; else the one that holds most itself.
export function firstToSee(nodes: readonly GraphNode[]): number {
  const weight = ({ verdict, flat, cum }: GraphNode) => [verdict.endsWith('leak') ? 2 : verdict === '' ? 0 : 1, Math.abs(verdict === '' ? flat : cum)] as const;
  return nodes.reduce((best, node, i) => {
    const [[rank, most], [bestRank, bestMost]] = [weight(node), weight(nodes[best] ?? node)];
    return rank > bestRank || (rank === bestRank && most > bestMost) ? i : best;
  }, 0);
}

export interface Box {
  node: GraphNode;
  number: number; // in the graph
  lines: string[];
  font: number; // px
  x: number; // px, of the centre
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Arrow {
  from: number;
  to: number;
  points: Point[];
  label: string;
  share: number; // of the total
  residual: boolean;
}

export interface Layout {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

// As pprof sizes them: by the root of the share of the heaviest flat value.
export function fontSize(flat: number, largest: number): number {
  const part = largest === 0 ? 0 : Math.abs(flat) / largest;
  return BASE_FONT + (part > 1 ? 0 : Math.ceil(FONT_GROWTH * Math.sqrt(part)));
}

export function linesOf(node: GraphNode): string[] {
  const flat = node.flat === 0 ? 'flat 0' : `flat ${node.flatLabel}`;
  const cum = node.cum === node.flat ? '' : `cum ${node.cumLabel}`;
  const name = shortName(node.name);
  const scope = packageOf(node.name, '');
  const above = name.startsWith(`${scope}.`) || name.startsWith(`${scope}::`) ? '' : scope;
  const verdict = node.verdict === '' ? '' : `⚠ ${node.verdict}`;
  return [verdict, above, name, flat, cum, node.growth?.label ?? ''].filter((line) => line !== '').map(cut);
}

function cut(text: string): string {
  if (text.length <= MOST_CHARACTERS) {
    return text;
  }
  const half = (MOST_CHARACTERS - 1) / 2;
  return `${text.slice(0, Math.ceil(half))}…${text.slice(-Math.floor(half))}`;
}

export function layoutGraph(graph: Graph): Layout {
  const largest = graph.nodes.reduce((most, { flat }) => Math.max(most, Math.abs(flat)), 0);
  const made = new dagre.graphlib.Graph();
  made.setGraph({ rankdir: 'TB', ranker: 'tight-tree', nodesep: 18, ranksep: 34, edgesep: 8, marginx: 8, marginy: 8 });
  made.setDefaultEdgeLabel(() => ({}));
  const sized = graph.nodes.map((node, number) => {
    const lines = linesOf(node);
    const font = fontSize(node.flat, largest);
    const width = Math.max(...lines.map((line) => line.length)) * font * GLYPH + 2 * PADDING;
    const height = lines.length * font * LINE + 2 * PADDING;
    made.setNode(String(number), { width, height });
    return { node, number, lines, font, width, height };
  });
  for (const { source, target, label } of graph.edges) {
    made.setEdge(String(source), String(target), { width: label.length * BASE_FONT * GLYPH, height: BASE_FONT * LINE, labelpos: 'r' });
  }
  dagre.layout(made);
  const boxes = sized.map((box) => {
    const { x, y } = made.node(String(box.number)) as Point;
    return { ...box, x, y };
  });
  const arrows = graph.edges.map(({ source, target, weight, label, residual }) => {
    const { points } = made.edge(String(source), String(target)) as { points: Point[] };
    return { from: source, to: target, points, label, share: graph.total === 0 ? 0 : Math.abs(weight / graph.total), residual };
  });
  const { width = 0, height = 0 } = made.graph() as { width?: number; height?: number };
  return { width: Math.max(width, 1), height: Math.max(height, 1), boxes, arrows };
}

// A smooth line through the points: curves between the middles of its pieces.
export function pathThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) {
    return '';
  }
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const curves = rest.slice(0, -1).map((point, i) => {
    const next = rest[i + 1] ?? last;
    return `Q ${at(point)} ${at(i === rest.length - 2 ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  });
  return [`M ${at(first)}`, ...curves, ...(rest.length === 1 ? [`L ${at(last)}`] : [])].join(' ');
}
