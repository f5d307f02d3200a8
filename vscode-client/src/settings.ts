// Settings, and what the user chooses by commands: that is kept in VS Code, for this user and workspace. No command writes a file of
// the workspace, but "Write to alloclens.toml".
import * as vscode from 'vscode';
import { Chosen } from './chosen.ts';
import * as all from './given.ts';

export const SECTION = 'alloclens';

const changed = new vscode.EventEmitter<undefined>();
// After a command of the user, or because a setting that was changed now wins.
export const onChosen = changed.event;

let chosen = new Chosen({ get: () => undefined, update: () => undefined });

// From now on, choices are kept here. A setting that is changed later wins over the choice.
export function remember(memory: vscode.Memento): vscode.Disposable {
  chosen = new Chosen(memory);
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (chosen.forget((name) => change.affectsConfiguration(`${SECTION}.${name}`))) {
      changed.fire(undefined);
    }
  });
}

export function choose(values: Record<string, unknown>): void {
  chosen.choose(values);
  changed.fire(undefined);
}

// Forgets all choices: the settings decide again.
export function forget(): void {
  chosen.forget(() => true);
  changed.fire(undefined);
}

// What the user has chosen by commands.
export function choices(): Record<string, unknown> {
  return chosen.values();
}

export function get<T>(name: string, otherwise: T): T {
  return (choices()[name] as T | undefined) ?? vscode.workspace.getConfiguration(SECTION).get(name, otherwise);
}

// What a setting is now.
export function current(name: string): unknown {
  return get<unknown>(name, undefined);
}

// The settings that the user has set or chosen, without prefix and defaults.
export function given(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return { ...all.given((name) => configuration.inspect(name)), ...choices() };
}

// What the user has set for all workspaces.
export function ofUser(name: string): unknown {
  return vscode.workspace.getConfiguration(SECTION).inspect(name)?.globalValue;
}

// Saves a setting of the user, for all workspaces.
export async function setOfUser(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration(SECTION).update(name, value, vscode.ConfigurationTarget.Global);
}

// Opens the settings where the server program can be named: a remote window shows it in those of the workspace, not of the user.
export async function openServerSetting(): Promise<void> {
  const place = vscode.workspace.workspaceFolders === undefined ? 'openSettings' : 'openWorkspaceSettings';
  await vscode.commands.executeCommand(`workbench.action.${place}`, { query: `${SECTION}.server.command` });
}
