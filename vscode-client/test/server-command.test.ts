import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentCommand } from '../src/agent-command.ts';
import { plan, progress } from '../src/install-plan.ts';
import type { Surroundings } from '../src/server-command.ts';
import { findServer } from '../src/server-command.ts';

const around = (given: Partial<Surroundings>): Surroundings => ({
  setting: '',
  home: '/home/me',
  folders: ['/w'],
  windows: false,
  apart: '/extension',
  ours: ['/extension/python', '/storage/python'],
  selectedInterpreter: () => Promise.resolve(undefined),
  lacksAlloclens: () => Promise.resolve('no such program'),
  isProgram: () => true,
  onPath: () => undefined,
  ...given,
});
const options = { cwd: '/extension' };

// Where it is searched for, in order, if only this Python has it.
async function asked(having: string): Promise<{ pythons: string[]; command: unknown }> {
  const pythons: string[] = [];
  const search = await findServer(
    around({
      selectedInterpreter: () => Promise.resolve('/usr/bin/python3'),
      lacksAlloclens: (python) => {
        pythons.push(python);
        return Promise.resolve(python === having ? '' : 'no such program');
      },
      onPath: () => '/never',
    }),
  );
  return { pythons, command: search.command };
}

test('the setting names the server', async () => {
  const onPath = (program: string) => (program === 'known' ? '/bin/known' : undefined);
  const command = async (setting: string, folders = ['/w']) => (await findServer(around({ setting, folders, onPath }))).command;
  assert.deepEqual(await command('~/bin/alloclens'), { command: '/home/me/bin/alloclens', args: ['lsp'], options });
  assert.equal((await command('${workspaceFolder}/x'))?.command, '/w/x');
  assert.equal((await command('./bin/x'))?.command, '/w/bin/x');
  assert.equal((await command('known'))?.command, '/bin/known', 'not what the directory holds that the server starts in');
  assert.equal(await command('unknown'), undefined);
  assert.equal(await command('./bin/x', []), undefined);
});

test('a setting that names no program is told, and nothing else is tried', async () => {
  const lacksAlloclens = () => Promise.reject(new Error('asked'));
  const search = await findServer(around({ setting: './x', isProgram: () => false, lacksAlloclens, onPath: () => '/bin/alloclens' }));
  const searched = ['/w/x: no such program; the setting alloclens.server.command is "./x"'];
  assert.deepEqual(search, { command: undefined, searched });
});

test('else our own, isolated, before any program of the workspace', async () => {
  const { pythons, command } = await asked('/storage/python');
  assert.deepEqual(pythons, ['/extension/python', '/storage/python']);
  assert.deepEqual(command, { command: '/storage/python', args: ['-I', '-m', 'alloclens', 'lsp'], options });
});

test('else a Python of the workspace that has it, the selected one first', async () => {
  const { pythons, command } = await asked('/w/venv/bin/python');
  assert.deepEqual(pythons.slice(2), ['/usr/bin/python3', '/w/.venv/bin/python', '/w/venv/bin/python']);
  assert.deepEqual(command, { command: '/w/venv/bin/python', args: ['-m', 'alloclens', 'lsp'], options });
});

test('else the one on PATH, else none, and where it was searched for', async () => {
  const { command } = await findServer(around({ onPath: (program) => `/bin/${program}` }));
  assert.deepEqual(command, { command: '/bin/alloclens', args: ['lsp'], options });
  const none = await findServer(around({ ours: ['/o'], lacksAlloclens: (python) => Promise.resolve(python === '/o' ? 'broken' : 'no such program') }));
  assert.deepEqual(none, {
    command: undefined,
    searched: ['/o: broken', '/w/.venv/bin/python: no such program', '/w/venv/bin/python: no such program', 'PATH: no program named alloclens'],
  });
});

test('the server is installed by uv, else by Python, with what there is of the optional packages', () => {
  const wheel = '/x y/alloclens-1-py3-none-any.whl';
  const packages = ['alloclens[fast,binaries,mcp]', 'alloclens[binaries,mcp]', 'alloclens[binaries]', 'alloclens'].map((name) => `${name} @ file:///x%20y/alloclens-1-py3-none-any.whl`);
  const byUv = plan({ uv: '/bin/uv', python: '/bin/python3' }, wheel, '/s', false);
  assert.deepEqual(byUv?.make.args, ['venv', '--no-project', '--python', '>=3.10', '/s']);
  assert.deepEqual(byUv.install.map(({ command, args }) => [command, args.slice(0, 4), args.at(-1)]), packages.map((one) => ['/bin/uv', ['pip', 'install', '--python', '/s/bin/python'], one]));
  const byPython = plan({ uv: undefined, python: '/bin/python3' }, wheel, '/s', false);
  assert.deepEqual([byPython?.make.command, byPython?.make.args], ['/bin/python3', ['-I', '-m', 'venv', '/s']]);
  assert.deepEqual(byPython?.install.map(({ command, args }) => [command, args.at(-1)]), packages.map((one) => ['/s/bin/python', one]));
  assert.equal(plan({ uv: undefined, python: undefined }, wheel, '/s', false), undefined);
  assert.equal(progress('  Downloading numpy-2.5.5.whl (16.2 MB)'), 'Downloading numpy-2.5.5.whl (16.2 MB)');
  assert.equal(progress('warning: something'), undefined);
});

test('agents have the same program, with the folders and settings of the window', () => {
  const bundled = { command: '/extension/python', args: ['-I', '-m', 'alloclens', 'lsp'], options };
  assert.deepEqual(agentCommand(bundled, ['/w', '/my lib'], { profileDirs: ['a b'] }), {
    command: '/extension/python',
    args: ['-I', '-m', 'alloclens', 'mcp', '--workspace', '/w', '--workspace', '/my lib', '--settings', '{"profileDirs":["a b"]}'],
    cwd: '/extension',
  });
  assert.deepEqual(agentCommand({ command: '/bin/alloclens', args: ['lsp'], options }, ['/w'], {}).args, ['mcp', '--workspace', '/w', '--settings', '{}']);
});
