import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { menuItems } from '../src/menu-items.ts';

interface Manifest {
  contributes: { commands: { command: string; title: string }[] };
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

test('the menu has each command once, by subject, with what is chosen', () => {
  const chosen: Record<string, unknown> = { base: 'first', hints: false, series: '' };
  const items = menuItems(contributes.commands, (setting) => chosen[setting]);
  const commands = items.flatMap((item) => ('command' in item ? [item.command] : []));
  assert.deepEqual([...commands].sort(), contributes.commands.map(({ command }) => command).sort());
  const sections = items.flatMap((item) => ('section' in item ? [item.section] : []));
  assert.deepEqual(sections, ['Capture', 'Show', 'Choose', 'Compare and focus', 'More', 'Help']);
  const described = Object.fromEntries(items.flatMap((item) => ('command' in item && item.description !== '' ? [[item.label, item.description]] : [])));
  assert.deepEqual(described, { 'Choose Base Snapshot': 'first', 'Toggle Hints': 'off' });
  assert.deepEqual(menuItems([{ command: 'alloclens.explain', title: 'Explain' }], () => undefined), [
    { section: 'Show' },
    { label: 'Explain', description: '', command: 'alloclens.explain' },
  ]);
});
