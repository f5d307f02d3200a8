// Finds programs on this machine.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const PROBE_MS = 10_000;

// Returns the program of this name on PATH. Skips relative entries: they depend on the directory in which we run.
export function onPath(program: string): string | undefined {
  const ending = process.platform === 'win32' && path.extname(program) === '' ? '.exe' : '';
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, program + ending))
    .find(isProgram);
}

// Returns whether a Python, started in this directory, has the module alloclens.
export function hasAlloclens(python: string, cwd: string): Promise<boolean> {
  if (!path.isAbsolute(python) || !isProgram(python)) {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    execFile(python, ['-c', 'import alloclens'], { timeout: PROBE_MS, cwd }, (error) => {
      resolve(error === null);
    });
  });
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
