import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueBody, placeName, withoutHome } from '../src/issue.ts';
import { logOptions } from '../src/log-options.ts';

const COLLECTED = { extension: '1.2.3', vscode: '1.99.0', place: 'ssh-remote', settings: {}, server: 'alloclens: 1.2.3\ngit: no', home: '/home/ann' };

test('a bug report has the versions, the settings and what the server says', () => {
  const settings = { 'server.command': '/home/ann/bin/alloclens' };
  const lines = issueBody({ ...COLLECTED, settings }).split('\n');
  for (const line of ['extension: 1.2.3', 'VS Code: 1.99.0 (ssh-remote)', 'alloclens: 1.2.3', 'git: no']) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(lines.includes('settings of the extension: {"server.command":"~/bin/alloclens"}'));
  assert.equal(lines.filter((line) => line.startsWith('````')).length, 2);
});

test('a bug report says that no server runs and that nothing is set', () => {
  const lines = issueBody({ ...COLLECTED, server: undefined }).split('\n');
  assert.ok(lines.includes('The server is not running.'));
  assert.ok(lines.includes('settings of the extension: defaults'));
});

test('the home directory is not named', () => {
  assert.equal(withoutHome('/home/ann/a "/home/ann" /home/anna/b', '/home/ann'), '~/a "~" /home/anna/b');
  assert.equal(withoutHome('"C:\\\\Users\\\\ann\\\\a" C:/Users/ann/b', 'C:\\Users\\ann'), '"~\\\\a" ~/b');
  assert.equal(withoutHome('/a', '/'), '/a');
});

test('the address of a remote is not named', () => {
  assert.deepEqual(['desktop', 'ssh-remote', 'code.example.com:8443', '10.0.0.7'].map(placeName), ['desktop', 'ssh-remote', 'remote', 'remote']);
});

test('the level of the log is an option of the server, but for the default', () => {
  const options = [0, 1, 2, 3, 4, 5].map((level) => logOptions(level).join(' '));
  assert.deepEqual(options, ['', '--log-level debug', '--log-level debug', '', '--log-level warning', '--log-level error']);
});
