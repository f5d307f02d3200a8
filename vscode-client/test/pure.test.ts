import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chosen } from '../src/chosen.ts';
import { CrashPolicy, MOST_CRASHES, WINDOW_MS } from '../src/crash-policy.ts';
import { given } from '../src/given.ts';
import { mappingPicks, picks, sampleTypePicks, seriesPicks } from '../src/picks.ts';

test('a server that dies is started again later each time, and not for ever', () => {
  const policy = new CrashPolicy();
  const waits = Array.from({ length: MOST_CRASHES + 1 }, () => policy.crashed(0));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, undefined]);
  assert.equal(policy.crashed(WINDOW_MS + 1), 1000, 'old crashes are forgotten');
  policy.forget();
  assert.equal(policy.crashed(WINDOW_MS + 2), 1000);
});

test('what can be chosen, with the current choice marked', () => {
  const snapshot = { name: 'a.pb.gz', directory: '/p', label: 'after load', time: '2026-01-01 12:00:00', detail: '5.0MB', base: true, head: false, begins: true, baseWords: ['first', 'previous'], headWords: ['previous'] };
  const latest = { ...snapshot, name: 'b.pb.gz', label: '', time: '2026-01-01 12:01:00', detail: '9.0MB', base: false, head: true, begins: false, baseWords: [], headWords: ['latest'] };
  const [of, newest] = ['$(debug-restart) 12:00:00', '12:01:00'];
  const labels = (chosen: unknown, end: 'base' | 'head' = 'base') => picks([latest, snapshot], end, chosen).map((pick) => pick.label);
  assert.deepEqual(labels('first'), ['$(check) first', 'previous', of], 'a word follows new snapshots');
  assert.deepEqual(labels('a.pb.gz'), ['first', 'previous', `$(check) ${of}`]);
  assert.deepEqual(labels(undefined), ['$(check) first', 'previous', of], 'the default');
  assert.deepEqual(picks([{ ...latest, baseWords: ['first'] }, snapshot], 'base', undefined).map(({ label }) => label), ['first', 'previous', `$(check) ${of}`], 'alloclens.toml chose');
  assert.deepEqual(labels('gone.pb.gz'), ['first', 'previous', `$(check) ${of}`], 'what is used instead');
  assert.deepEqual(labels(undefined, 'head'), ['$(check) latest', 'previous', newest, of]);
  const first = { label: 'first', description: '12:00:00 · 5.0MB · after load', detail: 'the first snapshot of the running process · a.pb.gz', value: 'first' };
  assert.deepEqual(picks([latest, snapshot], 'base', 'a.pb.gz')[0], first, 'a word says which file it means');
  const entry = { label: `$(check) ${of}`, description: '5.0MB · after load · process starts', detail: 'a.pb.gz', value: 'a.pb.gz' };
  assert.deepEqual(picks([latest, snapshot], 'base', 'a.pb.gz')[2], entry, 'the time is first; where a process starts is marked and said');
  const older = { ...snapshot, time: '2025-12-31 23:59:59', begins: false };
  assert.equal(picks([latest, older], 'head', 'latest').at(-1)?.label, '2025-12-31 23:59:59', 'another day');
  const each = [
    { name: 'api', detail: 'heap', shown: true, elsewhere: false },
    { name: 'web', detail: 'heap', shown: false, elsewhere: false },
  ];
  const series = (chosen: unknown) => seriesPicks(each, chosen).map(({ label, value }) => [label, value]);
  assert.deepEqual(series('api'), [['Follow the active file', ''], ['$(check) api', 'api'], ['web', 'web']]);
  assert.deepEqual(series(undefined)[0], ['$(check) Follow the active file', '']);
  assert.deepEqual(seriesPicks([], undefined), []);
  const types = sampleTypePicks([{ name: 'inuse_space', unit: 'bytes', selected: true }]);
  assert.deepEqual(types, [{ label: '$(check) inuse_space', detail: 'in bytes', value: 'inuse_space' }]);
});

test('choices are kept until a setting of the same name changes', () => {
  const kept = new Map<string, unknown>();
  const memory = { get: (key: string) => kept.get(key), update: (key: string, value: unknown) => kept.set(key, value) };
  const chosen = new Chosen(memory);
  assert.deepEqual(chosen.values(), {});
  chosen.choose({ base: 'first', hints: false });
  chosen.choose({ base: 'previous' });
  assert.deepEqual(new Chosen(memory).values(), { base: 'previous', hints: false }, 'also in the next session');
  assert.equal(chosen.forget((name) => name === 'head'), false);
  assert.equal(chosen.forget((name) => name === 'base'), true);
  assert.deepEqual(chosen.values(), { hints: false });
});

test('a path mapping says what it finds', () => {
  const found = { from: '/srv/build', to: '${workspaceFolder}', label: 'finds 71%' };
  assert.deepEqual(mappingPicks([found]), [{ label: '/srv/build → ${workspaceFolder}', detail: 'finds 71%', from: found.from, to: found.to }]);
});

test('only what a person has set is sent, from the narrowest place', () => {
  const found: Record<string, object> = {
    profileDirs: { key: 'alloclens.profileDirs', defaultValue: ['profiles'] },
    base: { defaultValue: 'first', globalValue: 'latest', workspaceValue: 'previous' },
    head: { defaultValue: 'latest', globalValue: 'first', workspaceFolderValue: 'a.pb.gz', workspaceValue: 'b.pb.gz' },
    sampleType: { globalValue: '' },
    largestProfile: { globalValue: 64, workspaceValue: null },
    hints: { defaultValue: true, globalValue: true, workspaceValue: false },
    'server.command': { globalValue: '/bin/alloclens' },
  };
  assert.deepEqual(
    given((name) => found[name]),
    { base: 'previous', head: 'a.pb.gz', sampleType: '', largestProfile: 64, hints: false },
  );
});
