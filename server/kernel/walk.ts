// The loop that makes a call tree of all stacks at once. Compiled with kernel.ts, and like that it owns no memory.

const NOTHING: u32 = 0xffffffff;

// How stacks are walked: from the root, or from the leaf.
@unmanaged
export class Way {
  location: usize; // of all stacks
  entry: usize; // the frame by which each location is entered
  frames: usize;
  step: u32; // in `location` and among the frames of one: 1, or -1 as 2^32 - 1
}

@unmanaged
class Frame {
  site: u32;
  leaves: u32; // 1 for the last of its location
}

// A sample under way.
@unmanaged
class Row {
  sample: u32;
  node: u32; // that the stack has led to
  at: u32; // in `location`
  end: u32; // the place behind the stack, in the direction of the walk
  frame: u32; // the next one
  next: u32; // in a list of rows
  head: f64;
  base: f64;
}

@unmanaged
class Node {
  parent: u32;
  site: u32;
  frame: u32; // by which the heaviest sample came
  depth: u32; // below node 0
  head: f64;
  base: f64;
  heaviest: f64;
  waiting: u32; // the first of a list of the rows that are left here while the node is light
  more: u32; // 1 if it has children that are too light or too deep
}

// Nodes, the first is nobody's child, and a hash table of them by parent and site.
@unmanaged
export class Table {
  nodes: usize;
  made: u32; // how many there are
  slots: usize;
  size: u32; // how many slots are in use: a power of two, at least twice the nodes
}

@unmanaged
class Slot {
  key: u64;
  node: u32; // 0 in a free one
  spare: u32;
}

function rowAt(rows: usize, i: u32): Row {
  return changetype<Row>(rows + offsetof<Row>() * i);
}

function frameAt(frames: usize, i: u32): Frame {
  return changetype<Frame>(frames + offsetof<Frame>() * i);
}

// Goes one frame on; false where the stack ends. Without a branch for whether the location has more frames: that is hard to
// predict.
function onward(row: Row, way: Way): bool {
  const leaves = frameAt(way.frames, row.frame).leaves;
  row.at += way.step & (0 - leaves);
  if (row.at == row.end) return false;
  const entered = load<u32>(way.entry + 4 * load<u32>(way.location + 4 * row.at));
  row.frame = select<u32>(entered, row.frame + way.step, leaves);
  return true;
}

// Keeps the rows that stand on a wanted frame, which those without a stack never do; returns how many.
export function through(rows: usize, count: u32, wanted: usize): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(rows, i);
    if (row.at != row.end && load<u8>(wanted + row.frame)) copy(row, rowAt(rows, kept++));
  }
  return kept;
}

// Goes one frame on with all rows, without those whose stacks end; returns how many are left.
export function advance(rows: usize, count: u32, way: Way): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(rows, i);
    if (onward(row, way)) copy(row, rowAt(rows, kept++));
  }
  return kept;
}

// By words: memory.copy is a call out of the module, which takes longer than all else that a row needs.
function copy(from: Row, to: Row): void {
  for (let at: usize = 0; at < offsetof<Row>(); at += 8) {
    store<u64>(changetype<usize>(to) + at, load<u64>(changetype<usize>(from) + at));
  }
}

function nodeAt(table: Table, i: u32): Node {
  return changetype<Node>(table.nodes + offsetof<Node>() * i);
}

// The slot of this child, or the free one where it belongs.
function slotOf(table: Table, parent: u32, site: u32): Slot {
  const key = ((parent as u64) << 32) | site;
  const mixed = key * 0x9e3779b97f4a7c15; // the golden ratio as a fraction of 2^64: an odd number whose product is well mixed
  let i = ((mixed >> 32) as u32) & (table.size - 1);
  while (true) {
    const slot = changetype<Slot>(table.slots + offsetof<Slot>() * i);
    if (slot.node == 0 || slot.key == key) return slot;
    i = (i + 1) & (table.size - 1);
  }
}

function enter(table: Table, i: u32): void {
  const node = nodeAt(table, i);
  const slot = slotOf(table, node.parent, node.site);
  slot.key = ((node.parent as u64) << 32) | node.site;
  slot.node = i;
}

function resize(table: Table, size: u32): void {
  table.size = size;
  memory.fill(table.slots, 0, offsetof<Slot>() * size);
  for (let i: u32 = 1; i < table.made; i++) enter(table, i);
}

// Adds a child that is not there yet; returns its number.
function append(table: Table, parent: u32, site: u32): u32 {
  const i = table.made++;
  const node = nodeAt(table, i);
  node.parent = parent;
  node.site = site;
  node.head = node.base = 0;
  node.heaviest = -1;
  node.waiting = NOTHING;
  node.more = 0;
  if (table.made > table.size >> 1) resize(table, table.size << 1);
  else enter(table, i);
  return i;
}

function add(node: Node, row: Row): void {
  node.head += row.head;
  node.base += row.base;
}

// Notes the frame of a row at this node, if the row is the heaviest so far.
function pass(node: Node, row: Row): void {
  if (row.head + row.base > node.heaviest) {
    node.heaviest = row.head + row.base;
    node.frame = row.frame;
  }
}

// What nodes are in the tree for, and what ends it.
let enough: f64 = 0;
let deepest: u32 = 0;
let todo: u32 = NOTHING; // the first of a list of the rows that go on

// Whether a row makes any node heavier. One that does not waits nowhere: it goes down when all nodes are there.
function weighs(row: Row): bool {
  return row.head != 0 || row.base != 0;
}

// Takes row i down to the end of its stack, or to where it must wait. row.node is the last node of the tree that it reached.
function descend(rows: usize, i: u32, way: Way, tree: Table, light: Table): void {
  const row = rowAt(rows, i);
  while (row.at != row.end) {
    const parent = nodeAt(tree, row.node);
    if (parent.depth == deepest) {
      parent.more = 1;
      return;
    }
    const site = frameAt(way.frames, row.frame).site;
    const child = slotOf(tree, row.node, site).node;
    if (!child) {
      if (weighs(row)) wait(rows, i, site, way, tree, light);
      return;
    }
    row.node = child;
    pass(nodeAt(tree, child), row);
    onward(row, way);
  }
}

// Leaves row i at a light child, and lets all go on that wait there as soon as that is heavy enough.
function wait(rows: usize, i: u32, site: u32, way: Way, tree: Table, light: Table): void {
  const row = rowAt(rows, i);
  const found = slotOf(light, row.node, site).node;
  const node = nodeAt(light, found ? found : append(light, row.node, site));
  add(node, row);
  pass(node, row);
  onward(row, way);
  row.next = node.waiting;
  node.waiting = i;
  if (max(node.head, node.base) >= enough) promote(node, rows, tree);
}

function promote(light: Node, rows: usize, tree: Table): void {
  const number = append(tree, light.parent, light.site);
  const node = nodeAt(tree, number);
  node.depth = nodeAt(tree, light.parent).depth + 1;
  node.frame = light.frame;
  node.heaviest = light.heaviest;
  light.head = light.base = 0;
  for (let i = light.waiting; i != NOTHING; ) {
    const row = rowAt(rows, i);
    const next = row.next;
    row.node = number;
    row.next = todo;
    todo = i;
    i = next;
  }
}

// Adds each row to the last node that it reached, and then each node to its parent, which has a lower number: to add it to each node on
// its way would take longer.
function sum(rows: usize, count: u32, tree: Table): void {
  for (let i: u32 = 0; i < count; i++) add(nodeAt(tree, rowAt(rows, i).node), rowAt(rows, i));
  for (let i = tree.made - 1; i > 0; i--) {
    const node = nodeAt(tree, i), parent = nodeAt(tree, node.parent);
    parent.head += node.head;
    parent.base += node.base;
  }
}

// Makes a tree of the ways that the rows go below its node 0, which is there, of all nodes that weigh `least`, down to so many
// levels; returns how many nodes it has. Every row is then at the last one it reached: one that comes to a light node waits
// there for others, so nothing hangs on the order of the rows, and what is too light costs no more than a step.
export function grow(rows: usize, count: u32, way: Way, least: f64, levels: u32, tree: Table, light: Table): u32 {
  enough = least;
  deepest = levels;
  resize(tree, 16);
  resize(light, 16);
  for (let i: u32 = 0; i < count; i++) {
    const row = rowAt(rows, i);
    row.next = NOTHING;
    if (weighs(row)) todo = i;
    while (todo != NOTHING) {
      const next = todo;
      todo = rowAt(rows, next).next;
      descend(rows, next, way, tree, light);
    }
  }
  for (let i: u32 = 0; i < count; i++) {
    if (!weighs(rowAt(rows, i))) descend(rows, i, way, tree, light);
  }
  sum(rows, count, tree);
  for (let i: u32 = 1; i < light.made; i++) {
    const node = nodeAt(light, i);
    if (max(node.head, node.base) > 0) nodeAt(tree, node.parent).more = 1;
  }
  return tree.made;
}
