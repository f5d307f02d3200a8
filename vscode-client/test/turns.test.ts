import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../src/turns.ts';

function gate(): { open: () => void; opened: Promise<void> } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('one step at a time, and of those that wait only the newest', async () => {
  const turns = new Turns();
  const first = gate();
  const seen: string[] = [];
  const step = (name: string, until = Promise.resolve()) =>
    turns.take(async () => {
      seen.push(`${name} begins`);
      await until;
      seen.push(`${name} ends`);
    });
  const begun = step('a', first.opened);
  await Promise.resolve();
  const waiting = [step('b'), step('c')];
  first.open();
  await Promise.all([begun, ...waiting]);
  assert.deepEqual(seen, ['a begins', 'a ends', 'c begins', 'c ends']);
});

test('a step that waited is told that a newer one came', async () => {
  const turns = new Turns();
  const waits = gate();
  const said: boolean[] = [];
  const first = turns.take(async (outdated) => {
    said.push(outdated());
    await waits.opened;
    said.push(outdated());
  });
  await Promise.resolve();
  const second = turns.take(() => Promise.resolve());
  waits.open();
  await Promise.all([first, second]);
  assert.deepEqual(said, [false, true]);
});

test('a step that fails tells its caller and does not hold up the next', async () => {
  const turns = new Turns();
  await assert.rejects(
    turns.take(() => Promise.reject(new Error('no'))),
    /no/,
  );
  let came = false;
  await turns.take(() => {
    came = true;
    return Promise.resolve();
  });
  assert.ok(came);
});

test('who waits for the steps waits for all that were asked for, also if they fail', async () => {
  const turns = new Turns();
  await turns.settled();
  const first = gate();
  let ended = false;
  const failed = turns.take(async () => {
    await first.opened;
    ended = true;
    throw new Error('no');
  });
  const settled = turns.settled();
  first.open();
  await settled;
  assert.equal(ended, true);
  await assert.rejects(failed);
});
