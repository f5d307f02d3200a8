import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GREY, growthFill, Hues, largestGrowth, legend, nodeFill, ownPackages, packageFill } from '../pictures/colours.ts';
import type { Flame, FlameNode, Graph, GraphNode, LabelledGrowth, TableRow, Timeline, TimelinePoint } from '../src/protocol.ts';
import type { Site } from '../pictures/tree.ts';
import { direction, step } from '../pictures/keyboard.ts';
import { find, layout, pathOf, placed } from '../pictures/layout.ts';
import { firstToSee, fontSize, layoutGraph, linesOf, pathThrough } from '../pictures/graph-layout.ts';
import { hue, HUES, packageOf, shortName } from '../pictures/packages.ts';
import { gaps, headSetting, moved, nearest, recorded, restarts, sampled, shownEnds, still, stretch, summary, ticks } from '../pictures/series.ts';
import { asText } from '../pictures/table-text.ts';
import { at, graft, hasMore, heading, nothing, search, spoken } from '../pictures/tree.ts';
import { amount, share } from '../pictures/units.ts';

function node(name: string, value: number, children: FlameNode[] = [], rest: Partial<FlameNode> = {}): FlameNode {
  const words = { label: `${value}B`, growth: null, verdict: '' };
  return { name, value, children, ...words, file: '/w/main.go', line: 1, own: false, more: false, ...rest };
}

function grew(value: number, significant = true): LabelledGrowth {
  return { value, label: `${value}B`, significant };
}

const TREE = node('all', 10, [
  node('main.main', 7, [node('main.serve', 6, [node('store.Put', 4)], { more: true })]),
  node('runtime.main', 3, [node('main.serve', 3)]),
]);

const SERVE: Site[] = [['main.main', '/w/main.go'], ['main.serve', '/w/main.go']];

test('a frame is as wide as what is in it, and has a key of its own', () => {
  const difference = node('all', 2, [node('a', 5), node('b', -3), node('a', 1, [], { file: '/w/other.go' })]);
  const root = layout(difference);
  assert.equal(root.value, 6, 'b has no width, and a is not cut off');
  assert.deepEqual(root.children?.map((frame) => frame.value), [5, 0, 1]);
  assert.equal(new Set(root.children.map((frame) => JSON.stringify(pathOf(frame)))).size, 3, 'two functions of one name');
  assert.deepEqual(pathOf(find(layout(TREE), SERVE)), SERVE);
});

test('what is zoomed into takes the whole width, with its callers above and nothing beside it', () => {
  const shown = (zoomed: Site[]) => placed(find(layout(TREE), zoomed), 1000).map(({ frame, x, width, outside }) => (
    [frame.data.name, Math.round(x), Math.round(width), outside]
  ));
  assert.deepEqual(shown([]), [
    ['all', 0, 1000, false],
    ['main.main', 0, 700, false],
    ['runtime.main', 700, 300, false],
    ['main.serve', 0, 600, false],
    ['main.serve', 700, 300, false],
    ['store.Put', 0, 400, false],
  ]);
  assert.deepEqual(shown(SERVE), [
    ['all', 0, 1000, true],
    ['main.main', 0, 1000, true],
    ['main.serve', 0, 1000, false],
    ['store.Put', 0, 667, false],
  ]);
  assert.deepEqual(shown([...SERVE, ['gone', '']]), shown(SERVE), 'the deepest frame that exists');
});

test('frames of less than a pixel are not drawn', () => {
  const root = layout(node('all', 1000, [node('thin', 1), node('wide', 2), node('none', 0, [node('within', 0)])]));
  assert.deepEqual(placed(root, 1000).map(({ frame }) => frame.data.name), ['all', 'wide']);
  assert.deepEqual(placed(find(root, [['none', '/w/main.go']]), 1000).map(({ frame }) => frame.data.name), ['all']);
});

test('a part that was left out comes to its place', () => {
  assert.ok(hasMore(TREE));
  const whole = graft(TREE, SERVE, node('main.serve', 6, [node('store.Put', 4), node('log.Print', 2)]));
  assert.deepEqual(at(whole, SERVE)?.children.map((child) => child.name), ['store.Put', 'log.Print']);
  assert.equal(at(TREE, SERVE)?.children.length, 1, 'the tree before is as it was');
  assert.ok(!hasMore(whole));
  assert.deepEqual(graft(TREE, SERVE, node('another', 1)), TREE);
  assert.deepEqual(graft(TREE, [['nowhere', '/w/main.go']], node('nowhere', 1)), TREE);
});

// Such as statics of C.
test('functions of one name in different files are told apart', () => {
  const [a, b] = [node('init', 8, [], { file: '/w/a.c' }), node('init', 2, [], { file: '/w/b.c', more: true })];
  const root = node('all', 10, [node('main', 10, [a, b])]);
  const path: Site[] = [['main', '/w/main.go'], ['init', '/w/b.c']];
  assert.equal(at(root, path), b);
  const whole = layout(graft(root, path, node('init', 2, [node('x', 2)], { file: '/w/b.c' })));
  assert.deepEqual(whole.children?.[0]?.children?.map((frame) => [frame.value, frame.children?.length ?? 0]), [[8, 0], [2, 1]]);
  assert.deepEqual(graft(root, path, node('init', 10, [], { file: '/w/a.c' })), root);
  assert.equal(at(root, [['init', '/w/b.c']]), undefined);
});

test('what is found counts each byte once', () => {
  assert.deepEqual(search(TREE, 'SERVE'), { frames: 2, value: 9 });
  assert.deepEqual(search(TREE, 'main'), { frames: 4, value: 10 }, 'main.serve is within main.main');
  assert.deepEqual(search(TREE, 'nothing'), { frames: 0, value: 0 });
  assert.deepEqual(search(TREE, ''), { frames: 0, value: 0 });
});

test('a frame is heard with its growth in words', () => {
  const grown = node('main.serve', 6, [], { label: '6B · 60%', growth: { value: 2, label: '▲2B, may be noise', significant: false } });
  assert.equal(spoken(grown), 'main.serve, 6B · 60%, grew by 2B, may be noise');
  assert.equal(spoken(TREE), 'all, 10B');
});

test('a flame graph says how much of all it shows, and why it shows nothing', () => {
  const words = { sampleType: 'inuse_space', unit: 'bytes', total: 42 << 20, totalLabel: '42.0MB inuse_space', ends: '9.pb.gz', base: false, truncated: false };
  const seen: Flame = { ...words, series: 'api', focus: 'through example.com/app/store.Put', shortFocus: 'through store.Put', root: node('all', 7 << 20, [node('a', 1)]) };
  assert.equal(heading(seen), 'api · 7.0MB of 42.0MB inuse_space · through store.Put · 9.pb.gz');
  assert.equal(heading({ ...seen, series: '', focus: '', shortFocus: '', root: node('all', 42 << 20) }), '42.0MB inuse_space · 9.pb.gz');
  assert.equal(nothing(seen, ''), '');
  const none = { ...seen, root: node('all', 0) };
  assert.equal(nothing(none, ''), 'No sample passes through store.Put.');
  assert.equal(nothing(none, 'x'), 'No sample passes through a function with “x” in its name.');
  assert.equal(nothing({ ...none, shortFocus: '' }, ''), 'There are no samples.');
});

test('the package of a function', () => {
  const cases: [name: string, file: string, wanted: string][] = [
    ['main.serve', '/w/main.go', 'main'],
    ['example.com/app/store.(*Cache).Put', '', 'example.com/app/store'],
    ['example.com/app/store.(*Cache).Put.func1', '', 'example.com/app/store'],
    ['slices.Grow[go.shape.[]example.com/x.T]', '', 'slices'],
    ['app::cache::put', '', 'app::cache'],
    ['std::vector<app::T>::push_back(app::T const&)', '', 'std'],
    ['operator new(unsigned long)', '/usr/src/new.cc', '/usr/src'],
    ['malloc', '', ''],
  ];
  for (const [name, file, wanted] of cases) {
    assert.equal(packageOf(name, file), wanted, name);
  }
});

test('functions have the same short names as on the server', () => {
  const names = JSON.parse(readFileSync('../tests/wording/short_names.json', 'utf8')) as Record<string, string>;
  assert.ok(Object.keys(names).length > 1);
  for (const [name, short] of Object.entries(names)) {
    assert.equal(shortName(name), short);
  }
});

test('a package keeps its hue, and packages have several', () => {
  const hues = Array.from({ length: 100 }, (_, i) => hue(`example.com/app/p${i}`));
  assert.equal(new Set(hues).size, HUES);
  assert.ok(hues.every((value) => value >= 0 && value < HUES));
});

test('own code has the hue of its package, nothing else has one', () => {
  const hues = new Hues();
  const own = (name: string, value: number) => node(`${name}.f`, value, [], { own: true });
  const names = ['main', 'store', 'cache', 'log', 'web', 'db', 'auth', 'mail'];
  assert.ok(new Set(names.map(hue)).size < HUES, 'some of them want one hue');
  hues.learn(ownPackages(node('all', 99, names.map((name, i) => own(name, i + 1)))));
  const colours = names.map((name) => packageFill(own(name, 1), hues));
  assert.equal(new Set(colours).size, HUES, 'and get two');
  hues.learn(ownPackages(node('all', 99, [own('another', 99)])));
  assert.equal(packageFill(own('log', 1), hues), colours[3], 'what has a hue keeps it');
  assert.equal(packageFill(node('runtime.main', 1), hues), GREY);
});

test('in a comparison what surely changed is coloured', () => {
  const changed = (growth: number, significant = true) => growthFill(node('a', 1, [], { growth: grew(growth, significant), own: true }), 1000);
  assert.deepEqual([changed(1000), changed(100), changed(10)], ['grew-3', 'grew-2', 'grew-1'].map((name) => `var(--alloclens-${name})`));
  assert.equal(changed(-1000), 'var(--alloclens-shrank-3)');
  assert.equal(changed(1000, false), GREY);
  const unsure = node('all', 9, [node('a', 5, [], { growth: grew(7, false) }), node('b', 4, [], { growth: grew(-3) })]);
  assert.equal(largestGrowth(unsure), 3);
});

test('the legend names own packages, the heaviest first', () => {
  const root = node('all', 9, [node('b.f', 2, [], { own: true }), node('a.f', 7, [], { own: true })]);
  const flame: Flame = { sampleType: '', unit: '', total: 9, totalLabel: '', ends: '', base: false, series: '', focus: '', shortFocus: '', truncated: false, root };
  assert.deepEqual(legend(flame, new Hues()).map((entry) => entry.words), ['a', 'b', 'not your own code']);
  assert.equal(legend({ ...flame, base: true }, new Hues()).length, 3);
});

// root [0, 1]: a [0, .6]: c [0, .2], d [.2, .5]; b [.6, 1]: e [.6, .7]
test('arrow keys go to the caller, the widest frame within and the neighbours in the row', () => {
  const box = (name: string, depth: number, x0: number, x1: number, parent: unknown = undefined) => ({ name, depth, x0, x1, parent });
  const root = box('root', 0, 0, 1);
  const [a, b] = [box('a', 1, 0, 0.6, root), box('b', 1, 0.6, 1, root)];
  const all = [root, a, b, box('c', 2, 0, 0.2, a), box('d', 2, 0.2, 0.5, a), box('e', 2, 0.6, 0.7, b)];
  const go = (from: string, ...keys: string[]) =>
    keys.reduce((now, key) => step(all, all.find((one) => one.name === now) ?? root, direction(key, true) ?? 'in')?.name ?? `${now}!`, from);
  assert.equal(go('root', 'ArrowDown', 'ArrowDown'), 'd');
  assert.equal(go('d', 'ArrowRight'), 'e');
  assert.equal(go('e', 'ArrowLeft', 'ArrowLeft'), 'c');
  assert.equal(go('e', 'ArrowUp', 'ArrowUp'), 'root');
  assert.equal(go('root', 'ArrowUp'), 'root!');
  assert.equal(direction('ArrowUp', false), 'in', 'with the root at the bottom up is away from it');
  assert.equal(direction('x', true), undefined);
});

const point = (name: string, time: number, rest: Partial<TimelinePoint> = {}): TimelinePoint => ({
  name, path: `/p/${name}`, time, value: 1 << 20, begins: false, base: false, head: false, ...rest,
});
const POINTS = [
  point('a', 100, { begins: true, base: true }),
  point('b', 110),
  point('c', 140, { begins: true }),
  point('d', 150, { head: true, value: 3 << 20 }),
];

test('a stretch of time chooses the nearest snapshots, whichever way it was drawn', () => {
  assert.deepEqual([99, 104, 106, 126, 999].map((time) => nearest([100, 110, 140, 150], time)), [0, 0, 1, 2, 3]);
  assert.equal(nearest([], 1), -1);
  assert.deepEqual(stretch(POINTS, 111, 146), { base: 1, head: 3 });
  assert.deepEqual(stretch(POINTS, 146, 111), { base: 1, head: 3 });
  assert.equal(stretch(POINTS, 108, 112), undefined);
});

test('the base stays before the head', () => {
  assert.deepEqual(shownEnds(POINTS), { base: 0, head: 3 });
  assert.deepEqual(moved({ base: 0, head: 1 }, 'base', 3, 4), { base: 2, head: 3 });
  assert.deepEqual(moved({ base: 2, head: 3 }, 'head', 1, 4), { base: 0, head: 1 });
  assert.deepEqual(moved({ base: 2, head: 3 }, 'head', 0, 4), { base: 0, head: 1 });
});

test('what is being chosen is the same snapshots when others come and go', () => {
  const [a, b, c, d] = POINTS as [TimelinePoint, TimelinePoint, TimelinePoint, TimelinePoint];
  assert.deepEqual(still({ base: 1, head: 2 }, POINTS, [b, c, d, point('e', 160)]), { base: 0, head: 1 });
  assert.equal(still({ base: 0, head: 2 }, POINTS, [b, c, d]), undefined);
  assert.equal(still({ base: 0, head: 2 }, POINTS, [a, b, d]), undefined);
});

test('the line of a timeline is asked for as it was recorded, once that is known', () => {
  const [pointed, at] = [{ uri: 'file:///w/main.go', line: 6 }, { file: '/w/main.go', line: 6 }];
  const answer = (found: typeof at | null) => ({ sampleType: '', unit: '', series: '', focus: '', points: [], memstats: [], at: found, line: null, withoutLine: '' });
  assert.equal(recorded(pointed, answer(at)), at);
  assert.equal(recorded(pointed, answer(null)), pointed, 'it has no number yet');
  assert.equal(recorded(at, answer(null)), at, 'this head has none of it');
  assert.equal(recorded(undefined, answer(null)), undefined);
});

test('the newest head is followed', () => {
  assert.equal(headSetting('d', 'd'), 'latest');
  assert.equal(headSetting('c', 'd'), 'c');
});

test('nothing is drawn of a fall from one process to the next', () => {
  assert.deepEqual(gaps(POINTS, (i) => 10.4 + 20 * i, 2), [[29, 51]], 'points are drawn at 30 and 50, 2 wide');
});

test('a long series is told by some of it, with what matters', () => {
  assert.deepEqual(restarts(POINTS), [2]);
  assert.deepEqual(sampled(POINTS, 50), [0, 1, 2, 3]);
  const long = Array.from({ length: 1000 }, (_, i) => point(`${i}`, i, { base: i === 333, head: i === 777, begins: i === 500 }));
  const kept = sampled(long, 50);
  assert.equal(kept.length, 50);
  assert.ok([0, 333, 500, 777, 999].every((i) => kept.includes(i)));
  assert.deepEqual(kept, [...kept].sort((a, b) => a - b));
});

test('the timeline in words', () => {
  const shown: Timeline = { sampleType: 'inuse_space', unit: 'bytes', series: '', focus: '', points: POINTS, memstats: [], at: null, line: null, withoutLine: '' };
  const words = summary(shown);
  assert.match(words, /^inuse_space in 4 snapshots from .*; from 1\.0MB to 3\.0MB; base a, head d; the process began anew once\.$/);
  assert.match(summary({ ...shown, focus: 'through main.keep' }), /; of all samples, also those out of focus; the process began anew once\.$/);
  assert.match(summary({ ...shown, points: POINTS.slice(0, 1) }), /^inuse_space in 1 snapshot: a · .* · 1\.0MB\.$/);
  assert.equal(summary({ ...shown, points: [] }), 'No snapshots.');
});

test('an axis says no more of the time than it needs', () => {
  const noon = new Date(2026, 0, 31, 12, 5, 9).getTime() / 1000;
  assert.deepEqual(ticks([noon], 60), ['12:05:09']);
  assert.deepEqual(ticks([noon], 3600), ['12:05']);
  assert.deepEqual(ticks([noon], 100_000), ['01-31 12:05']);
  assert.deepEqual(ticks([noon], 1_000_000), ['01-31']);
});

// The expected words are what server/alloclens/wording/units.py says of the same values.
test('values have the words of the server', () => {
  assert.deepEqual([0, 1023, 14_785_000, 482 << 20, -2_097_152].map((value) => amount(value, 'bytes')), ['0B', '1023B', '14.1MB', '482MB', '-2.0MB']);
  assert.equal(amount(1200, 'count'), '1.2k');
  assert.equal(amount(20_000_000, 'nanoseconds'), '20.0ms');
  assert.deepEqual([share(61, 100), share(4, 1000), share(1, 0)], ['61%', '0.4%', '0%']);
});

const NODE: GraphNode = {
  name: 'example.com/app/store.(*Cache).Put', file: '/w/store.go', line: 7, own: true, flat: 4, flatLabel: '4B (40%)',
  cum: 10, cumLabel: '10B (100%)', growth: null, verdict: 'leak',
};

const GRAPH: Graph = {
  series: '', ends: '', sampleType: 'inuse_space', unit: 'bytes', total: 10, totalLabel: '10B inuse_space', base: false, focus: '', shortFocus: '', through: '',
  functions: 4, nodes: [], edges: [],
};

test('a box of the call graph says what pprof says, and its size is by the root of its share', () => {
  assert.deepEqual(linesOf(NODE), ['⚠ leak', 'example.com/app/store', 'store.(*Cache).Put', 'flat 4B (40%)', 'cum 10B (100%)']);
  assert.deepEqual(linesOf({ ...NODE, name: 'main.f', flat: 10, verdict: '' }), ['main.f', 'flat 4B (40%)']);
  assert.deepEqual([fontSize(0, 100), fontSize(25, 100), fontSize(-100, 100), fontSize(0, 0)], [9, 17, 25, 9]);
});

test('a call graph begins with the function that leaks, though it passes on what it holds', () => {
  const of = (verdict: string, flat: number, cum: number) => ({ ...NODE, verdict, flat, cum });
  const others = [of('', 1, 90), of('', 50, 60)];
  assert.equal(firstToSee(others), 1, 'what holds most itself');
  assert.equal(firstToSee([...others, of('growing', 0, 9), of('growing', 5, 5)]), 2);
  assert.equal(firstToSee([...others, of('growing', 9, 9), of('leak', 0, 8), of('goroutine-leak', 0, 7)]), 3);
  assert.equal(firstToSee([]), 0);
});

test('boxes do not overlap, and callers are above', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => ({ ...NODE, name }));
  const edges = [[0, 1], [0, 2], [1, 3], [2, 3], [3, 1]].map(([source = 0, target = 0]) => ({ source, target, weight: 5, label: '5B', residual: false }));
  const { boxes, arrows } = layoutGraph({ ...GRAPH, nodes, edges });
  const [a, b, c] = boxes;
  assert.ok(a && b && c && a.y + a.height / 2 < b.y - b.height / 2 && a.y < c.y);
  for (const one of boxes) {
    for (const other of boxes.slice(one.number + 1)) {
      assert.ok(Math.abs(one.x - other.x) >= (one.width + other.width) / 2 || Math.abs(one.y - other.y) >= (one.height + other.height) / 2);
    }
  }
  assert.equal(arrows.length, 5);
  assert.ok(arrows.every(({ share, points }) => share === 0.5 && points.length >= 2));
  assert.deepEqual(layoutGraph({ ...GRAPH, nodes: [], edges: [] }).boxes, []);
});

test('a line is drawn through its points', () => {
  assert.equal(pathThrough([{ x: 0, y: 0 }, { x: 10, y: 0 }]), 'M 0.0 0.0 L 10.0 0.0');
  assert.equal(pathThrough([{ x: 0, y: 0 }, { x: 10, y: 10 }, { x: 20, y: 0 }]), 'M 0.0 0.0 Q 10.0 10.0 20.0 0.0');
  assert.equal(pathThrough([]), '');
});

test('a call graph is red by cum, or by growth beyond its error, or plain', () => {
  const whole = { base: false, total: 10 };
  assert.equal(nodeFill(NODE, whole, 0, undefined), 'var(--alloclens-grew-3)');
  assert.equal(nodeFill({ ...NODE, cum: 0 }, whole, 0, undefined), GREY);
  const compared = { base: true, total: 10 };
  assert.equal(nodeFill({ ...NODE, growth: grew(8, false) }, compared, 8, undefined), GREY);
  assert.equal(nodeFill({ ...NODE, growth: grew(8) }, compared, 8, undefined), 'var(--alloclens-grew-3)');
  assert.equal(nodeFill({ ...NODE, growth: grew(-1) }, compared, 8, undefined), 'var(--alloclens-shrank-2)');
  assert.match(nodeFill(NODE, whole, 0, new Hues()), /own-\d/);
  assert.equal(nodeFill({ ...NODE, own: false }, whole, 0, new Hues()), GREY);
});

test('a table is copied as numbers, and as CSV no cell runs as a formula', () => {
  const row: TableRow = { ...NODE, name: '=HYPERLINK("x")', file: '/w/a,b.go', flatShare: '', cumShare: '', owned: 3, ownedLabel: '', growth: grew(2) };
  const table = { unit: 'bytes', rows: [row] };
  assert.equal(asText(table, true, ','), 'flat (bytes),cum (bytes),owned (bytes),growth (bytes),name,file,line\n4,10,3,2,"\'=HYPERLINK(""x"")","/w/a,b.go",7\n');
  assert.equal(asText(table, false, '\t').split('\n')[1], '4\t10\t3\t=HYPERLINK("x")\t/w/a,b.go\t7');
});
