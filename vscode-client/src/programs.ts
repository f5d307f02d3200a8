// Finds and tries programs on this machine.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const PROBE_MS = 10_000;
const LONGEST_REASON = 200;

// Returns the program of this name on PATH. Skips relative entries: they depend on the directory in which we run.
export function onPath(program: string): string | undefined {
  const ending = process.platform === 'win32' && path.extname(program) === '' ? '.exe' : '';
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, program + ending))
    .find(isProgram);
}

// Returns why this Python, started in this directory, cannot run some code; '' if it can.
export function whyNot(python: string, code: string, cwd: string): Promise<string> {
  if (!path.isAbsolute(python) || !isProgram(python)) {
    return Promise.resolve('no such program');
  }
  return new Promise((resolve) => {
    execFile(python, ['-c', code], { timeout: PROBE_MS, cwd }, (error, _, stderr) => {
      resolve(error === null ? '' : lastLine(stderr) || lastLine(error.message));
    });
  });
}

// The last line of a traceback is its message.
export function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, LONGEST_REASON);
}

export function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
