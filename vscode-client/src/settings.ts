// Saves choices as settings: of the workspace, or of the user if there is none.
import * as vscode from 'vscode';
import * as all from './given.ts';

export const SECTION = 'alloclens';

export function get<T>(name: string, otherwise: T): T {
  return vscode.workspace.getConfiguration(SECTION).get(name, otherwise);
}

// The settings that the user has set, without prefix and defaults.
export function given(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return all.given((name) => configuration.inspect(name));
}

// Opens the settings where the server program can be named: a remote window shows it in those of the workspace, not of the user.
export async function openServerSetting(): Promise<void> {
  const place = vscode.workspace.workspaceFolders === undefined ? 'openSettings' : 'openWorkspaceSettings';
  await vscode.commands.executeCommand(`workbench.action.${place}`, { query: `${SECTION}.server.command` });
}

let writing: Promise<unknown> = Promise.resolve();

// Writes several at once. VS Code announces each, but whoever waits for `written` reads all or none of them.
export async function setAll(values: Record<string, unknown>): Promise<void> {
  const write = (async () => {
    for (const [name, value] of Object.entries(values)) {
      await set(name, value);
    }
  })();
  writing = write.catch(() => undefined);
  await write;
}

export async function written(): Promise<void> {
  await writing;
}

export async function set(name: string, value: unknown): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const target = folders.length > 0 ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration(SECTION).update(name, value, target);
}
