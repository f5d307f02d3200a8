// Choices are settings, so that they stay and everybody can see them: of the workspace, or the user's where there is none.
import * as vscode from 'vscode';
import * as all from './given.ts';
import { SECTION } from './protocol.ts';

export function get<T>(name: string, otherwise: T): T {
  return vscode.workspace.getConfiguration(SECTION).get(name, otherwise);
}

// What a person has set by now, without prefix and without defaults.
export function given(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return all.given((name) => configuration.inspect(name));
}

export async function set(name: string, value: unknown): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const target = folders.length > 0 ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration(SECTION).update(name, value, target);
}
