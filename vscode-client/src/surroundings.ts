// What server-command.ts needs to know of this machine and this window.
import * as os from 'node:os';
import * as vscode from 'vscode';
import { isProgram, onPath, whyNot } from './programs.ts';
import type { Surroundings } from './server-command.ts';
import { SECTION } from './settings.ts';

// The part of the Python extension's interface that is used here.
interface PythonExtension {
  environments?: { getActiveEnvironmentPath: (resource?: vscode.Uri) => { path: string } };
}

export function surroundings(apart: string, ours: readonly string[]): Surroundings {
  return {
    setting: vscode.workspace.getConfiguration(SECTION).get('server.command', '').trim(),
    home: os.homedir(),
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    windows: process.platform === 'win32',
    apart,
    ours,
    selectedInterpreter,
    lacksAlloclens: (python) => whyNot(python, 'import alloclens', apart),
    isProgram,
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
