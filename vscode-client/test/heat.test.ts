import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { named, pattern } from '../src/focus-words.ts';
import { heat, step } from '../src/heat-steps.ts';
import { Later } from '../src/later.ts';
import type { HotLine } from '../src/protocol.ts';

const site = (uri: string | null, line: number, given: Partial<HotLine> = {}): HotLine => ({
  location: uri === null ? null : { uri, range: { start: { line, character: 0 }, end: { line, character: 0 } } },
  label: '',
  sortedLabel: '',
  edited: false,
  function: 'main.serve',
  file: '/w/main.go',
  line: line + 1,
  own: true,
  flat: 0,
  cum: 0,
  owned: 0,
  growth: null,
  grew: false,
  ...given,
});

test('five steps, each four times the one before', () => {
  const shares = [1, 1 / 4, 1 / 4.1, 1 / 16, 1 / 17, 1 / 64, 1 / 65, 1 / 256, 1 / 257, 1e-9];
  assert.deepEqual(
    shares.map((share) => step(1024 * share, 1024)),
    [5, 5, 4, 4, 3, 3, 2, 2, 1, 1],
  );
  assert.equal(step(0, 1024), 0);
  assert.equal(step(3, 0), 0);
});

test('the whole is all that is flat somewhere, with a place or without', () => {
  const found = heat([site(null, 0, { flat: 60 }), site('a', 1, { flat: 40 }), site('a', 2, { owned: 20 }), site('b', 3, { flat: -300 })]);
  assert.deepEqual(found.get('a'), [
    { line: 1, step: 4, grown: false }, // 40 of 400
    { line: 2, step: 3, grown: false }, // 20 of 400
  ]);
  assert.deepEqual(found.get('b'), [{ line: 3, step: 5, grown: false }]); // 300 of 400
});

test('a line that only passes calls on is cold unless it grows; of two numbers at one line the hotter', () => {
  const found = heat([
    site('a', 1, { flat: 1, grew: true }),
    site('a', 1, { flat: 100 }),
    site('a', 1, { flat: 2 }),
    site('a', 2, { cum: 100 }),
    site('a', 3, { cum: 100, grew: true }),
  ]);
  assert.deepEqual(found.get('a'), [
    { line: 1, step: 5, grown: true },
    { line: 3, step: 0, grown: true },
  ]);
});

test('a pattern finds the name that it is made of, and nothing else', () => {
  const names = ['main.(*T).F', 'main.F[...]', 'a+b', 'main.func1|2', '{^$?}\\'];
  for (const name of names) {
    assert.ok(new RegExp(`^${pattern(name)}$`).test(name), name);
    assert.ok(!new RegExp(`^${pattern(name)}$`).test(`${name}x`), name);
  }
  assert.ok(!new RegExp(pattern('main.F')).test('mainxF'));
});

test('a function is named by itself or by a row', () => {
  assert.equal(named('main.serve'), 'main.serve');
  assert.equal(named({ id: '1', function: 'main.serve' }), 'main.serve');
  for (const nothing of [undefined, null, '', 3, {}, { function: '' }, { function: undefined }]) {
    assert.equal(named(nothing), undefined);
  }
});

test('what is asked for again and again is done once, at last', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let times = 0;
  const later = new Later(100, () => (times += 1));
  later.ask();
  mock.timers.tick(99);
  later.ask();
  mock.timers.tick(99);
  assert.equal(times, 0);
  mock.timers.tick(1);
  assert.equal(times, 1);
  later.ask();
  later.dispose();
  mock.timers.tick(200);
  assert.equal(times, 1);
  mock.timers.reset();
});
