import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortName } from '../pictures/packages.ts';
import type { ListedFinding, HotLine, ListedSeries, SeriesSnapshot, StackTreeNode } from '../src/protocol.ts';
import { findingRows } from '../src/views/finding-rows.ts';
import { frameOf, frameRows, samePlace, titleOf } from '../src/views/frame-rows.ts';
import { described, hotRows, leftOut, remembered, sortPicks, USUAL } from '../src/views/hot-rows.ts';
import { code, context, escape, fileName, unique } from '../src/views/rows.ts';
import { deletion, filesOf, question, seriesRows, settingOf, snapshotRows } from '../src/views/series-rows.ts';

const at = (uri: string, line: number) => ({
  uri,
  range: { start: { line, character: 0 }, end: { line, character: 0 } },
});

const finding = (given: Partial<ListedFinding>): ListedFinding => ({
  id: '05ab7d92c0090b2005ab7d92c0090b20',
  verdict: 'leak',
  code: 'leak',
  severity: 'warning',
  label: 'main.go:42  main.serve',
  detail: '64.0MB ▲63.0MB · leak',
  tooltip: '**main.go:42**',
  location: at('file:///w/main.go', 41),
  edited: false,
  function: 'main.serve',
  file: '/w/main.go',
  line: 42,
  ...given,
});

const site = (given: Partial<HotLine>): HotLine => ({
  location: at('file:///w/cache/store.go', 6),
  edited: false,
  label: '14.1MB ▲8.3MB',
  sortedLabel: '14.1MB owned ▲8.3MB',
  function: 'example.com/w/cache.(*Store).Put',
  file: '/w/cache/store.go',
  line: 7,
  own: true,
  flat: 0,
  cum: 0,
  owned: 0,
  growth: null,
  grew: false,
  ...given,
});

const snapshot = (name: string, given: Partial<SeriesSnapshot> = {}): SeriesSnapshot => ({
  name,
  path: `/w/profiles/${name}`,
  label: '',
  time: '12:00',
  detail: '3.0MB inuse_space',
  size: '2.1KB',
  base: false,
  head: false,
  begins: false,
  ...given,
});

const series = (snapshots: SeriesSnapshot[], given: Partial<ListedSeries> = {}): ListedSeries => ({
  name: 'profiles',
  directory: '/w/profiles',
  program: 'leaky',
  sampleTypes: ['alloc_space', 'inuse_space'],
  sampleType: 'inuse_space',
  shown: true,
  snapshots,
  more: 0,
  process: snapshots.length,
  ...given,
});

test('a finding is of its verdict by the shape and of its severity by the colour, and opens its line', () => {
  const [leak, grows, strange] = findingRows([
    finding({}),
    finding({ verdict: 'growing', code: 'growing', severity: 'information' }),
    finding({ verdict: 'another', code: 'another', severity: 'off' }),
  ]);
  assert.deepEqual(leak?.icon, { id: 'flame', color: 'problemsWarningIcon.foreground' });
  assert.deepEqual(grows?.icon, { id: 'arrow-up', color: 'problemsInfoIcon.foreground' });
  assert.deepEqual(strange?.icon, { id: 'circle-outline', color: 'descriptionForeground' });
  assert.deepEqual(leak.place, { uri: 'file:///w/main.go', line: 41 });
  assert.equal(leak.label, 'main.go:42');
  assert.equal(findingRows([finding({ line: 44 })])[0]?.label, 'main.go:42', 'what a click opens, not what was recorded');
  assert.equal(leak.description, '64.0MB ▲63.0MB · leak · main.serve');
  assert.equal(context(leak), 'finding placed function');
});

test('a finding without a place says so', () => {
  const [row] = findingRows([finding({ location: null, function: '' })]);
  assert.equal(row?.description, '64.0MB ▲63.0MB · leak · not in this workspace');
  assert.equal(row.place, null);
  assert.equal(context(row), 'finding missing');
});

test('a finding without a line of the user is named by its function', () => {
  const [row] = findingRows([finding({ file: '', line: 0, function: 'github.com/x/log.(*Entry).scan', detail: '70.0MB · leak' })]);
  assert.equal(row?.label, 'log.(*Entry).scan');
  assert.equal(row.description, '70.0MB · leak');
});

test('a row has the same id when its numbers change, and no two rows have one', () => {
  const ids = (detail: string) => findingRows([finding({ detail }), finding({ detail }), finding({ line: 43 })]).map(({ id }) => id);
  assert.deepEqual(ids('64.0MB · leak'), ids('65.0MB · leak'));
  const [first, , third] = ids('');
  assert.deepEqual([third, first], findingRows([finding({ line: 43 }), finding({})]).map(({ id }) => id), 'whatever the order');
  assert.equal(new Set(ids('')).size, 3);
  assert.deepEqual(
    unique([{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: 'a' }]).map(({ id }) => id),
    ['a', 'b', 'a#2', 'a#3'],
  );
});

test('a hot line: where it is now, the hint, and its function in short', () => {
  const [grows, still, unknown] = hotRows([
    site({ grew: true }), // in whatever kind of profile
    site({ label: '~3.0MB', sortedLabel: '~3.0MB owned', line: 8, own: false, location: null, growth: { value: 9, label: '▲9B, may be noise', significant: false } }),
    site({ function: '', line: 9, location: at('file:///w/cache/my%20store.go', 10) }),
  ]);
  assert.equal(grows?.label, 'store.go:7');
  assert.equal(grows.description, '14.1MB owned ▲8.3MB · cache.(*Store).Put');
  assert.equal(grows.icon?.id, 'arrow-up');
  assert.equal(still?.description, '~3.0MB owned · cache.(*Store).Put · not in this workspace');
  assert.equal(still.icon?.id, 'library', 'its growth may be noise');
  assert.equal(still.tooltip, '`example.com/w/cache.(*Store).Put`\n\n`/w/cache/store.go:8`\n\n\\~3\\.0MB\n\nSince the base\\: ▲9B\\, may be noise');
  assert.equal(still.label, 'store.go:8', 'as recorded');
  assert.equal(unknown?.label, 'my store.go:11', 'not as recorded');
  assert.equal(context(unknown), 'hot placed');
});

test('what is chosen of the hot lines is said and remembered', () => {
  assert.equal(described(USUAL), 'by owned');
  assert.equal(described({ own: false, sort: 'growth', filter: 'serve' }), 'by growth · “serve” · all code');
  assert.deepEqual(
    sortPicks('flat').map(({ label }) => label),
    ['Owned', '$(check) Flat', 'Cum', 'Growth'],
  );
  assert.deepEqual(remembered(undefined), USUAL);
  assert.deepEqual(remembered({ own: false, sort: 'cum', filter: 'x' }), { own: false, sort: 'cum', filter: 'x' });
  assert.deepEqual(remembered({ own: 1, sort: 'size', filter: 3 }), USUAL, 'of another version');
});

test('snapshots: what is compared and where a process starts is said in words', () => {
  const [row] = seriesRows({
    series: [series([snapshot('2', { head: true }), snapshot('1', { base: true, begins: true, label: 'after load' })])],
    problems: [],
  });
  const [head, base] = row?.rows ?? [];
  assert.equal(row?.label, 'profiles');
  assert.equal(row.description, 'shown · leaky · inuse_space · 2 snapshots');
  assert.equal(row.folding, 'open');
  assert.equal(head?.label, '2');
  assert.equal(head.description, '3.0MB inuse_space · head · 12:00 · 2.1KB');
  assert.equal(head.icon?.id, 'target');
  assert.equal(base?.label, 'after load');
  assert.equal(base.description, '3.0MB inuse_space · base · process starts · 1 · 12:00 · 2.1KB');
  assert.equal(base.icon?.id, 'pinned');
  const [captured] = seriesRows({ series: [series([snapshot('heap-20240102T030405.000Z.pb.gz')])], problems: [] })[0]?.rows ?? [];
  assert.deepEqual([captured?.label, captured?.description], ['12:00', '3.0MB inuse_space · heap-20240102T030405.000Z.pb.gz · 2.1KB']);
  const times = ['2026-11-29 00:00:05', '2026-11-28 23:59:55'].map((time, i) => snapshot(`heap-2026112${9 - i}T000000.000Z.pb.gz`, { time }));
  assert.deepEqual(
    seriesRows({ series: [series(times)], problems: [] })[0]?.rows?.map(({ label }) => label),
    ['00:00:05', '2026-11-28 23:59:55'],
    'the date of the newest goes without saying',
  );
  assert.equal(context(base), 'snapshot shown', 'so it can be used as base or head');
});

test('who chooses the newest snapshot as head follows new ones', () => {
  const [row] = seriesRows({ series: [series([snapshot('3'), snapshot('2'), snapshot('1')])], problems: [] });
  const chosen = (end: 'base' | 'head') => row?.rows?.map((one) => settingOf(one, end));
  assert.deepEqual(chosen('head'), ['latest', '2', '1']);
  assert.deepEqual(chosen('base'), ['3', '2', '1']);
  assert.equal(row && settingOf(row, 'base'), undefined);
});

test('only another series than the shown one can be shown', () => {
  const heap = series([snapshot('1')], { name: 'api' });
  const rows = seriesRows({ series: [heap, { ...heap, sampleTypes: ['goroutine'], sampleType: 'goroutine', shown: false }, series([], { name: 'web', shown: false })], problems: [] });
  assert.deepEqual(
    rows.map((row) => [row.label, context(row), row.series]),
    [
      ['api', 'series shown', 'api'],
      ['api', 'series', 'api'],
      ['web', 'series other', 'web'],
    ],
  );
});

test('a series that is not shown cannot be compared, and a bad file says why', () => {
  const all = {
    series: [series([snapshot('1', { begins: true })], { shown: false, program: '' })],
    problems: [{ name: 'x.pb.gz', path: '/w/profiles/x.pb.gz', reason: 'it is cut off' }],
  };
  const [bad, other] = seriesRows(all);
  assert.equal(other?.label, 'profiles');
  assert.equal(other.folding, 'closed');
  assert.deepEqual(other.rows?.map(context), ['snapshot']);
  assert.equal(other.rows[0]?.icon?.id, 'debug-restart');
  assert.equal(bad?.label, 'Not readable');
  assert.equal(bad.description, '1 file');
  assert.deepEqual(
    bad.rows?.map((row) => [row.label, row.description, row.path, context(row)]),
    [['x.pb.gz', 'it is cut off', '/w/profiles/x.pb.gz', 'problem']],
  );
  assert.deepEqual(
    snapshotRows(all).map(({ path }) => path),
    ['/w/profiles/1'],
    'a bad file is no snapshot',
  );
});

test('who deletes all of one kind is told of the other kinds of the series', () => {
  const bad = { name: 'x.pb.gz', path: '/w/profiles/x.pb.gz', reason: 'it is cut off' };
  const leaked = series([snapshot('l2'), snapshot('l1')], { sampleTypes: ['goroutineleak'], sampleType: 'goroutineleak', shown: false });
  const listed = seriesRows({ series: [series([snapshot('h2'), snapshot('h1')]), leaked, series([snapshot('w')], { name: 'web', shown: false })], problems: [bad] });
  const [problems, heap, , web] = listed;
  const counted = (...rows: (typeof heap)[]) => {
    const { meant, all, counts } = deletion(rows.flatMap((row) => row ?? []), listed);
    return [meant.map(({ label }) => label), all.map(({ label }) => label), counts.all];
  };
  const both = ['h2', 'h1', 'l2', 'l1'];
  assert.deepEqual(counted(heap?.rows?.[0]), [['h2'], ['h2'], ['1 file of inuse_space']]);
  assert.deepEqual(counted(...(heap?.rows ?? [])), [['h2', 'h1'], both, ['2 files of inuse_space', '2 files of goroutineleak']]);
  assert.deepEqual(counted(heap), [['h2', 'h1'], both, ['2 files of inuse_space', '2 files of goroutineleak']]);
  assert.deepEqual(counted(web, problems), [['x.pb.gz', 'w'], ['x.pb.gz', 'w'], ['1 file that could not be read', '1 file of inuse_space']]);
  assert.deepEqual(counted(), [[], [], []]);
});

test('each answer to whether to delete says which files it deletes, and what is lost stands above them', () => {
  const leaked = series([snapshot('l1')], { sampleTypes: ['goroutineleak'], sampleType: 'goroutineleak', shown: false });
  const listed = seriesRows({ series: [series([snapshot('h2', { label: 'after load' }), snapshot('h1')]), leaked], problems: [] });
  const asked = (rows: typeof listed, hasTrash = false) => {
    const { title, about, answers } = question(deletion(rows, listed), hasTrash);
    return [title, about, ...answers.map(({ label, detail, deleted }) => [label, detail, deleted.length])];
  };
  assert.deepEqual(asked(listed.slice(0, 1)), [
    'Delete files of the series profiles (“after load”) for good?',
    'A remote machine has no trash.',
    ['Delete Only the 2 files of inuse_space', '', 2],
    ['Delete All 3 Files', '2 files of inuse_space and 1 file of goroutineleak, from the same captures', 3],
  ]);
  assert.deepEqual(asked(listed.slice(1))[2], ['Delete Only l1', '', 1]);
  assert.deepEqual(asked(listed, true), [
    'Delete 3 files of profiles (“after load”)?',
    'Moved to the trash if there is one; otherwise you are asked again.',
    ['Delete', '2 files of inuse_space and 1 file of goroutineleak', 3],
  ]);
  assert.deepEqual(asked(listed[0]?.rows?.slice(1) ?? [])[2], ['Delete for Good', '', 1]);
});

test('the files to be deleted are named by their series, and a single one by its name', () => {
  const listed = seriesRows({ series: [series([snapshot('h2'), snapshot('h1')], { name: 'shop' }), series([snapshot('w')], { name: 'web', shown: false })], problems: [] });
  const asked = (...numbers: number[]) => {
    const { meant, series: of } = deletion(numbers.flatMap((i) => listed[i] ?? []), listed);
    return filesOf(meant.flatMap(({ path }) => path ?? []), of);
  };
  assert.equal(asked(0), '2 files of shop');
  assert.equal(asked(0, 1), '3 files of shop and web');
  assert.equal(asked(1), 'w');
});

const node = (name: string, given: Partial<StackTreeNode> = {}): StackTreeNode => ({
  id: JSON.stringify([name, '/w/main.go', 6, '']),
  label: shortName(name),
  detail: '42.0MB · main.go:6 · 93%',
  location: at('file:///w/main.go', 5),
  own: true,
  leaf: false,
  ...given,
});

test('frames know their path, and their function in full', () => {
  const root = { at: { uri: 'file:///w/main.go', line: 5 }, direction: 'callers' as const };
  const [line] = frameRows([node('example.com/w.keep')], root, []);
  assert.equal(line?.folding, 'open', 'it is the heaviest');
  assert.equal(line.function, 'example.com/w.keep');
  const rows = frameRows([node('main.a'), node('main.b', { leaf: true, location: null, own: false }), node('main.c')], root, line.path, true);
  assert.deepEqual(
    rows.map(({ folding }) => folding),
    ['open', 'leaf', 'closed'],
  );
  assert.deepEqual(rows[0]?.path, [node('example.com/w.keep').id, node('main.a').id]);
  assert.equal(rows[1]?.description, '42.0MB · main.go:6 · 93% · not in this workspace');
  assert.deepEqual(rows.slice(0, 2).map(context), ['frame placed function', 'frame missing function']);
  assert.equal(frameRows([node('main.a')], root, line.path, false)[0]?.folding, 'closed', 'not on the heaviest path');
  assert.equal(frameRows([node('main.a')], root, Array<string>(9).fill('{}'), true)[0]?.folding, 'closed', 'far from the line');
  const turned = frameRows([node('example.com/w.keep')], { ...root, direction: 'callees' }, []);
  assert.notEqual(turned[0]?.id, line.id, 'the other way is another tree');
});

test('the row for frames that are too many is about no frame', () => {
  const root = { at: { uri: 'file:///w/main.go', line: 5 }, direction: 'callees' as const };
  const rest = { id: '', label: '…', detail: '7 more: 3.0MB', location: null, own: false, leaf: true };
  const [row] = frameRows([rest], root, []);
  assert.equal(row?.description, '7 more: 3.0MB');
  assert.equal(row.folding, 'leaf');
  assert.equal(context(row), 'frame');
});

test('the function and the file that an id names', () => {
  assert.deepEqual(frameOf(node('main.(*T).F').id), { name: 'main.(*T).F', file: '/w/main.go' });
  for (const id of ['', 'main.serve', '[]', '[3]', '7', 'null']) {
    assert.deepEqual(frameOf(id), { name: '', file: '' }, id);
  }
});

test('the row of a kind of profile is not said to be outside of the workspace, and has no function to focus on', () => {
  const kind = { id: 'heap', label: 'heap', detail: '512kB inuse_space', location: null, own: true, leaf: false };
  const [row, outside] = frameRows([kind, node('fmt.Sprint', { location: null, detail: '1MB' })], { at: { uri: 'file:///w/main.go', line: 5 }, direction: 'callers' }, []);
  assert.deepEqual([row?.description, row && context(row)], ['512kB inuse_space', 'frame']);
  assert.equal(outside?.description, '1MB · not in this workspace');
});

test('which line the stacks are of', () => {
  const place = { uri: 'file:///w/my%20main.go', line: 41 };
  assert.equal(titleOf({ at: place, direction: 'callers' }), 'callers of my main.go:42');
  assert.ok(samePlace(place, { ...place }));
  assert.ok(!samePlace(place, { ...place, line: 42 }));
  assert.ok(!samePlace(place, undefined));
});

test('the name of a file', () => {
  assert.equal(fileName('C:\\w\\main.go'), 'main.go');
  assert.equal(fileName('/w/main.go'), 'main.go');
  assert.equal(fileName('main.go'), 'main.go');
});

// What CommonMark makes of code spans (6.1) and of backslashes (2.4).
test('names of a profile are no Markdown', () => {
  assert.equal(code('a*b'), '`a*b`');
  assert.equal(code('a*b`c'), '``a*b`c``');
  assert.equal(code('`a``'), '``` `a`` ```');
  assert.equal(code(' a '), '`  a  `');
  assert.equal(code('a\n\n![x](https://evil.example)'), '`a\\n\\n![x](https://evil.example)`');
  assert.equal(escape('__init__.py:6'), '\\_\\_init\\_\\_\\.py\\:6');
  assert.equal(escape('a\r\n\u2028<b> ▲8MB'), 'a\\\\r\\\\n\\\\u2028\\<b\\> ▲8MB');
  const evil = '![x](https://evil.example)';
  const root = { at: { uri: 'file:///w/main.go', line: 5 }, direction: 'callers' as const };
  const [frame] = frameRows([node(evil, { detail: `1B  ${evil}.go:6` })], root, []);
  const [of, bad] = seriesRows({
    series: [series([snapshot('1', { detail: evil, path: evil })], { directory: evil, sampleTypes: [evil], sampleType: evil })],
    problems: [{ name: evil, path: evil, reason: evil }],
  });
  const [hot] = hotRows([site({ function: evil, file: evil, label: evil, sortedLabel: evil })]);
  const tips = [frame, of, of?.rows?.[0], bad?.rows?.[0], hot].map((row) => row?.tooltip ?? evil);
  for (const tip of tips) {
    assert.ok(!tip.replace(/`[^`]*`/g, '').includes(evil), tip);
  }
});

test('hot lines name what they leave out of the own code', () => {
  const lost = (line: number) => site({ location: null, line });
  assert.equal(leftOut([site({}), site({ own: false, location: null })]), '');
  const said = leftOut([lost(3), site({}), lost(4), lost(5), lost(6)]);
  assert.match(said, /: \w+\.go:3 \(14\.1MB ▲8\.3MB\), .* and 1 more\.$/);
  assert.ok(!leftOut([lost(3)]).includes('more'));
  const edited = site({ location: null, edited: true });
  assert.equal(leftOut([edited]), 'Not listed, since edited after the snapshot: was store.go:7 (14.1MB ▲8.3MB).');
  assert.match(leftOut([lost(3), edited]), /^Not listed, since edited .*\. Not listed, since not in this workspace: store\.go:3 /);
});

test('a line that was edited is called by its number then, though a click opens its function', () => {
  const [found] = findingRows([finding({ edited: true, location: at('file:///w/main.go', 31), detail: 'edited · 64.0MB' })]);
  assert.deepEqual([found?.label, found?.place?.line], ['was main.go:42', 31]);
  const [hot] = hotRows([site({ edited: true, location: null })]);
  assert.deepEqual([hot?.label, hot?.description], ['was store.go:7', '14.1MB owned ▲8.3MB · cache.(*Store).Put · edited']);
});

test('why nothing is found is one row, above what may leak', () => {
  const [none, ...rest] = findingRows([finding({})], 'None proven: of 2 lines, judged over 11s: none certainly leaks.');
  assert.deepEqual([none?.label, none?.description], ['None proven', 'of 2 lines, judged over 11s: none certainly leaks.']);
  assert.match(none?.tooltip ?? '', /^None proven.* none certainly leaks/);
  assert.deepEqual(rest, findingRows([finding({})]));
});
