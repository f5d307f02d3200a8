import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Offered } from '../src/menu-items.ts';
import { enabled, menuItems, problemItems } from '../src/menu-items.ts';

interface Manifest {
  contributes: { commands: Offered[]; menus: { commandPalette: { command: string }[] } };
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

const everything: Record<string, unknown> = { state: 'ok', capturing: true, compares: true, focused: true, 'hotLines.filtered': true, 'hotLines.all': true };
const nothing = () => undefined;

const named = (commands: string[]) => commands.map((command) => command.replace('alloclens.', '')).sort();

function offered(contexts: Record<string, unknown>): string[] {
  const context = (key: string) => contexts[key.replace('alloclens.', '')];
  return named(menuItems(contributes.commands, context, nothing).flatMap((item) => ('command' in item ? [item.command] : [])));
}

test('the menu has each command that needs no row once, by subject, with what is chosen', () => {
  const ofRows = contributes.menus.commandPalette.map(({ command }) => command);
  const others = contributes.commands.map(({ command }) => command).filter((command) => !ofRows.includes(command));
  const all = [...offered(everything), 'showAllCode'].sort(); // which is offered where those of own code are shown
  assert.deepEqual(all, named(others));
  const items = menuItems(contributes.commands, nothing, (setting) => ({ base: 'first', hints: false, series: '' })[setting]);
  assert.deepEqual(items[0], { section: 'Capture' });
  const described = items.flatMap((item) => ('command' in item && item.description !== '' ? [[item.label, item.description]] : []));
  assert.deepEqual(described, [['Toggle Hints', 'off']]);
  const context = (key: string) => (key === 'alloclens.state' ? 'ok' : undefined);
  const chosen = menuItems(contributes.commands, context, (setting) => ({ base: 'first', series: '' })[setting]);
  const values = Object.fromEntries(chosen.flatMap((item) => ('command' in item && item.description !== '' ? [[item.label, item.description]] : [])));
  assert.deepEqual(values, { 'Choose Series': 'automatic', 'Choose Base Snapshot': 'first' });
});

test('the menu has only what can do something now', () => {
  const missing = offered({ state: 'missing' });
  assert.ok(missing.includes('installServer') && missing.includes('capture'));
  assert.ok(!missing.includes('explain') && !missing.includes('showFlameGraph') && !missing.includes('stopCapture'));
  assert.ok(offered({ state: 'empty' }).includes('explain'));
  assert.ok(offered({ state: 'ok' }).includes('showAllCode') && !offered({ state: 'ok' }).includes('showOwnCode'));
});

test('an enablement is read as VS Code reads it', () => {
  const holds = (text: string) => enabled(text, (key) => ({ 'a.on': true, 'a.off': false, 'a.state': 'ok' })[key]);
  for (const text of ['', 'a.on', '!a.off', '!a.none', 'a.state == ok', 'a.state =~ /^(ok|no)$/', 'a.on && a.state == ok']) {
    assert.ok(holds(text), text);
  }
  for (const text of ['a.off', 'a.none', '!a.on', 'a.state == no', 'a.none =~ /^ok$/', 'a.on && a.off', 'a.on || a.on']) {
    assert.ok(!holds(text), text);
  }
});

test('files that could not be read are named first', () => {
  assert.deepEqual(problemItems([]), []);
  const bad = (name: string) => ({ name, path: `/p/${name}`, reason: 'it is cut off' });
  const [section, item] = problemItems([bad('a.pb.gz'), bad('b.pb.gz')]);
  assert.deepEqual(section, { section: 'Problems' });
  assert.deepEqual(item, { label: 'Show the 2 Files That Could Not Be Read', description: 'a.pb.gz: it is cut off', command: 'alloclens.snapshots.focus' });
});
