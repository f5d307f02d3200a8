import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Menu {
  command: string;
  when?: string;
  group?: string;
}

interface Contributes {
  commands: { command: string; title: string; icon?: string; enablement?: string }[];
  menus: Record<string, Menu[]>;
  keybindings: { command: string }[];
  views: { alloclens: { id: string }[] };
  viewsWelcome: { view: string; contents: string; when: string }[];
  customEditors: { priority: string; selector: { filenamePattern: string }[] }[];
  walkthroughs: Walkthrough[];
  colors: { id: string; defaults: Record<string, string> }[];
}

interface Walkthrough {
  description: string;
  steps: { id: string; title: string; description: string }[];
}

interface Manifest {
  contributes: Contributes;
  capabilities: { untrustedWorkspaces: { supported: unknown } };
}

const { contributes, capabilities } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const commands = new Map(contributes.commands.map((one) => [one.command, one]));
const step = (id: string) => contributes.walkthroughs.flatMap(({ steps }) => steps).find((one) => one.id === id)?.description ?? '';
const views = contributes.views.alloclens.map(({ id }) => id);

test('the walkthrough counts growth from the first snapshot, as the README does', () => {
  assert.match(readFileSync('../README.md', 'utf8'), /more than at the first snapshot/);
  assert.match(step('number'), /more than at the first snapshot/);
});

test('the walkthrough names the import that its page shows', () => {
  const [imported] = /(?<=import _ ")[^"]+/.exec(readFileSync('walkthrough/profiles.md', 'utf8')) ?? [''];
  assert.ok(imported !== '' && step('profiles').includes(imported));
});

test('no title of the walkthrough, and not what it is about, is cut off in a window of 1,400 pixels', () => {
  for (const { description, steps } of contributes.walkthroughs) {
    assert.ok(description.length <= 60, description); // three rows
    assert.deepEqual(steps.map(({ title }) => title).filter((title) => title.length > 27), []);
  }
});

test('a step of the walkthrough is plain text, and code on its page is not cut off in half a window', () => {
  assert.doesNotMatch(contributes.walkthroughs.flatMap(({ steps }) => steps).map(({ description }) => description).join(''), /`/);
  const [, go = ''] = /```go\n([^]*?)```/.exec(readFileSync('walkthrough/profiles.md', 'utf8')) ?? [];
  assert.ok(go !== '' && go.split('\n').every((line) => line.replaceAll('\t', '    ').length <= 36), go);
});

test('a view without a profile has one button, so that what else can be done is not below its end', () => {
  const [empty] = contributes.viewsWelcome.filter(({ view, when }) => view === 'alloclens.findings' && when === 'alloclens.state == empty');
  const lines = empty?.contents.split('\n') ?? [];
  assert.deepEqual(lines.filter((line) => /^\[[^\]]+\]\([^)]+\)$/.test(line)), ['[Capture…](command:alloclens.capture)']);
  for (const command of ['openSample', 'addSource', 'getStarted']) {
    assert.ok(empty?.contents.includes(`command:alloclens.${command})`), command);
  }
});

test('every menu entry and key is of a command that there is, and what is only an icon has one', () => {
  const entries = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
  assert.deepEqual(
    entries.filter(({ command }) => !commands.has(command)),
    [],
  );
  const icons = Object.values(contributes.menus)
    .flat()
    .filter(({ group }) => group !== undefined && /^(inline|navigation)@\d$/.test(group) && group !== 'navigation@9');
  assert.ok(icons.length > 0);
  for (const { command } of icons) {
    assert.match(commands.get(command)?.icon ?? '', /^\$\([a-z-]+\)$/, command);
  }
});

test('every link of an empty view leads to a command or a view that there is', () => {
  const links = contributes.viewsWelcome.flatMap(({ contents }) => [...contents.matchAll(/\(command:(alloclens\.[^)?]+)/g)]);
  assert.ok(links.length > 0);
  for (const [, command = ''] of links) {
    assert.ok(commands.has(command) || views.includes(command.replace(/\.focus$/, '')), command);
  }
});

test('every view says what to do in every state', () => {
  for (const view of ['alloclens.findings', 'alloclens.hotLines', 'alloclens.snapshots']) {
    const said = contributes.viewsWelcome.filter((one) => one.view === view).map(({ when }) => when);
    for (const state of ['empty', 'loading', 'problem']) {
      assert.ok(said.some((when) => when.includes('alloclens.state') && when.includes(state)), `${view} ${state}`);
    }
    assert.ok(said.includes('!alloclens.state'), view);
  }
});

test('a view that is empty because no file can be read offers what a view without files does', () => {
  for (const view of ['alloclens.findings', 'alloclens.hotLines']) {
    const said = contributes.viewsWelcome.find((one) => one.view === view && one.when === 'alloclens.state == unreadable');
    assert.match(said?.contents ?? '', /command:alloclens\.capture\)[^]*command:alloclens\.snapshots\.focus/, view);
  }
});

// What needs neither a profile nor, before it is called, a server.
const ALWAYS: Record<string, string[]> = {
  'brings the first profile': ['capture', 'captureNow', 'profileTest', 'openSample', 'addSource', 'fetchSnapshots'],
  'is of a file that need not be of a series': ['openProfile', 'compareFiles', 'compareWith', 'selectForCompare', 'useAsBase', 'useAsHead'],
  'is a setting': ['toggleHints', 'chooseHeat', 'openServerSetting'],
  'is offered only at a row that has it': ['fetchAgain', 'stopFetch'],
  'helps where nothing works': ['getStarted', 'installServer', 'restartServer', 'showLog', 'reportIssue'],
};

test('every command is offered only where it can do something, or needs nothing', () => {
  const always = Object.values(ALWAYS).flat().map((name) => `alloclens.${name}`);
  assert.deepEqual(
    contributes.commands.filter(({ enablement }) => enablement === undefined).map(({ command }) => command).sort(),
    always.sort(),
  );
});

test('titles are in title case', () => {
  const small = new Set(['of', 'on', 'as', 'in', 'a', 'an', 'the', 'to', 'with', 'with…', 'for', 'alloclens.toml']);
  for (const { title } of contributes.commands) {
    const wrong = title.split(' ').filter((word, i) => !/^[A-Z]/.test(word) && (i === 0 || !small.has(word)));
    assert.deepEqual(wrong, [], title);
  }
});

test('heat has five colours in every kind of theme, each stronger than the one before', () => {
  const heat = contributes.colors.filter(({ id }) => id.startsWith('alloclens.heat'));
  assert.deepEqual(
    heat.map(({ id }) => id),
    [1, 2, 3, 4, 5].map((n) => `alloclens.heat${n}`),
  );
  for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight']) {
    const alpha = heat.map(({ defaults }) => parseInt(defaults[theme]?.slice(7) ?? '', 16));
    assert.deepEqual(alpha, [...alpha].sort((a, b) => a - b));
    assert.equal(new Set(alpha).size, 5);
  }
});

test('in a workspace that nobody trusts the extension is not activated: it may start a program of the workspace', () => {
  assert.equal(capabilities.untrustedWorkspaces.supported, false);
});

test('no file for which VS Code has a default editor of its own is given a second one', () => {
  const patterns = contributes.customEditors.filter(({ priority }) => priority === 'default').flatMap(({ selector }) => selector.map((one) => one.filenamePattern));
  assert.ok(patterns.includes('*.pprof'));
  assert.deepEqual(patterns.filter((pattern) => /\.(?:heapprofile|cpuprofile|heapsnapshot)$/.test(pattern)), []);
});

test('the row of the shown series has its timeline, base and head in its menu, and one of another series how to show it', () => {
  const inMenu = (item: string) =>
    (contributes.menus['view/item/context'] ?? []).flatMap(({ command, when = '', group = '' }) => {
      const [, view, name, pattern] = /^view == alloclens\.(\w+) && viewItem (?:== '([^']+)'|=~ \/(.+)\/)$/.exec(when) ?? [];
      const holds = pattern === undefined ? name === item : new RegExp(pattern).test(item);
      return view === 'snapshots' && holds && !group.startsWith('inline') ? [command.replace('alloclens.', '')] : [];
    });
  assert.deepEqual(inMenu('series shown'), ['showTimeline', 'chooseSampleType', 'chooseBase', 'chooseHead', 'deleteSnapshot']);
  assert.deepEqual(inMenu('series'), ['chooseSampleType', 'deleteSnapshot'], 'another kind of profile');
  assert.deepEqual(inMenu('series other'), ['showSeries', 'deleteSnapshot']);
  assert.deepEqual(inMenu('snapshot shown'), ['useAsBase', 'useAsHead', 'labelSnapshot', 'revealSnapshot', 'deleteSnapshot']);
});
