// The menu of the status bar item: the commands of the extension by subject, with their titles from package.json and what is chosen.
import * as vscode from 'vscode';
import { contextOf } from './contexts.ts';
import type { MenuItem, Offered } from './menu-items.ts';
import { menuItems, problemItems } from './menu-items.ts';
import type { UnreadableFile } from './protocol.ts';
import * as settings from './settings.ts';

export interface Manifest {
  activationEvents: string[];
  contributes: {
    commands: Offered[];
  };
}

export async function showMenu({ contributes }: Manifest, problems: readonly UnreadableFile[]): Promise<void> {
  const items = [...problemItems(problems), ...menuItems(contributes.commands, contextOf, settings.current)];
  const chosen = await vscode.window.showQuickPick(items.map(shown), { title: 'alloclens', matchOnDescription: true });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function shown(item: MenuItem): vscode.QuickPickItem & { command?: string } {
  return 'section' in item ? { label: item.section, kind: vscode.QuickPickItemKind.Separator } : item;
}
