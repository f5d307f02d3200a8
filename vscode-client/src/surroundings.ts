// What server-command.ts asks about this machine and this window.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { SECTION } from './protocol.ts';
import type { Surroundings } from './server-command.ts';

const PROBE_MS = 10_000;

// The part of the Python extension's interface that is used here.
interface PythonExtension {
  environments?: { getActiveEnvironmentPath: (resource?: vscode.Uri) => { path: string } };
}

export function surroundings(apart: string): Surroundings {
  return {
    setting: vscode.workspace.getConfiguration(SECTION).get('server.command', '').trim(),
    home: os.homedir(),
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    windows: process.platform === 'win32',
    apart,
    selectedInterpreter,
    hasAlloclens: (python) => hasAlloclens(python, apart),
    onPath,
  };
}

async function selectedInterpreter(): Promise<string | undefined> {
  const python = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
  if (python === undefined) {
    return undefined;
  }
  const api = python.isActive ? python.exports : await python.activate();
  const selected = api.environments?.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri).path;
  return selected === 'python' ? undefined : selected; // "python" means that nothing is selected
}

function hasAlloclens(python: string, cwd: string): Promise<boolean> {
  if (!fs.existsSync(python)) {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    execFile(python, ['-c', 'import alloclens'], { timeout: PROBE_MS, cwd }, (error) => {
      resolve(error === null);
    });
  });
}

function onPath(program: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe'] : [''];
  const directories = (process.env.PATH ?? '').split(path.delimiter).filter((directory) => directory !== '');
  return directories
    .flatMap((directory) => endings.map((ending) => path.join(directory, program + ending)))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
