import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../pictures/printable.ts';
import { mappingPicks, picks, sampleTypePicks } from '../src/picks.ts';
import { inMessage, plain } from '../src/plain.ts';
import { code, escape } from '../src/views/rows.ts';

const HOSTILE = '\x1b[2J\x9b31m\x00a\r\nb\tc\u2028d\u202egnp.exe\ud800\u{e0041}';
const WRITTEN_OUT = String.raw`\x1b[2J\x9b31m\x00a\r\nb\tc\u2028d\u202egnp.exe\ud800\U000e0041`;

test('what steers a display or begins a line is written out', () => {
  assert.equal(printable(HOSTILE), WRITTEN_OUT);
  for (const text of ['main.keep', 'größe.保存', '😀 \\x1b', '']) {
    assert.equal(printable(text), text);
  }
});

test('no control, separator or lone surrogate of Unicode is left, and nothing is written out twice', () => {
  for (let point = 0; point < 0x110000; point++) {
    const shown = printable(String.fromCodePoint(point));
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(shown)) {
      assert.fail(`U+${point.toString(16)}`);
    }
  }
  assert.equal(printable(printable(HOSTILE)), printable(HOSTILE));
});

test('no name is an icon, a link or another line', () => {
  assert.equal(plain('$(flame) $(loading~spin) $x $(not one)'), String.raw`\$(flame) \$(loading~spin) $x $(not one)`);
  assert.equal(inMessage('[x](command:evil)\n'), String.raw`[x] (command:evil)\n`);
  assert.equal(code('a\n`b'), String.raw`${'``'}a\n${'`'}b${'``'}`);
  assert.equal(escape('\u202e*'), String.raw`\\u202e\*`);
});

test('what can be picked is shown as text, and meant as it is', () => {
  const name = `$(flame)${HOSTILE}`;
  const shown = `\\$(flame)${WRITTEN_OUT}`;
  const snapshot = { name, directory: '/p', label: name, time: name, detail: name, base: false, head: false, begins: false, baseWords: [], headWords: [] };
  assert.deepEqual(picks([snapshot], 'base', 'first').at(-1), { label: shown, description: `${shown} · ${shown}`, detail: shown, value: name });
  assert.deepEqual(sampleTypePicks([{ name, unit: name, selected: true }]), [
    { label: `$(check) ${shown}`, detail: `in ${shown}`, value: name },
  ]);
  assert.equal(mappingPicks([{ from: name, to: name, label: '' }])[0]?.label, `${shown} → ${shown}`);
});
