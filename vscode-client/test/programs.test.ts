import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { onPath, whyNot } from '../src/programs.ts';

const before = { cwd: process.cwd(), path: process.env.PATH };
let root: string;

// A folder with programs and Python modules, in which we run.
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'programs-')));
  for (const folder of ['here', 'here/bin', 'apart', 'there']) {
    fs.mkdirSync(path.join(root, folder), { recursive: true });
  }
  process.chdir(path.join(root, 'here'));
});

afterEach(() => {
  process.chdir(before.cwd);
  process.env.PATH = before.path;
  fs.rmSync(root, { recursive: true });
});

function program(name: string, text = ''): string {
  const file = path.join(root, name);
  fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

test('no program of a relative entry of PATH', { skip: process.platform === 'win32' }, () => {
  program('here/alloclens');
  program('here/bin/alloclens');
  for (const entries of ['', '.', './', 'bin', './bin', '../here', '.:bin::']) {
    process.env.PATH = entries;
    assert.equal(onPath('alloclens'), undefined, entries);
  }
  const there = program('there/alloclens');
  fs.writeFileSync(path.join(root, 'apart/alloclens'), 'no program');
  process.env.PATH = `.:bin:${root}/apart:${root}/none:${root}/there`;
  assert.equal(onPath('alloclens'), there);
});

test('a Python is asked where no module of the folder is', { skip: process.platform === 'win32' }, async () => {
  const apart = path.join(root, 'apart');
  const python = program('there/python', `pwd > ${root}/asked`);
  assert.equal(await whyNot(python, 'import alloclens', apart), '');
  assert.equal(fs.readFileSync(path.join(root, 'asked'), 'utf8').trim(), apart);
  const without = program('there/without', 'echo Traceback >&2; echo ModuleNotFoundError: $2 >&2; exit 1');
  assert.equal(await whyNot(without, 'import alloclens', apart), 'ModuleNotFoundError: import alloclens');
  assert.match(await whyNot(program('there/silent', 'exit 1'), '', apart), /^Command failed/);
  assert.equal(await whyNot(path.join(root, 'none'), '', apart), 'no such program');
  program('here/python', `: > ${root}/ran`);
  assert.equal(await whyNot('python', '', apart), 'no such program');
  assert.equal(await whyNot('./python', '', apart), 'no such program');
  assert.equal(fs.existsSync(path.join(root, 'ran')), false);
});
