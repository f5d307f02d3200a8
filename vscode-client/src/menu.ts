// The menu of the status bar item: the commands of the extension by subject, with their titles from package.json and what is chosen.
import * as vscode from 'vscode';
import type { MenuItem } from './menu-items.ts';
import { menuItems } from './menu-items.ts';
import * as settings from './settings.ts';

export interface Manifest {
  contributes: {
    commands: { command: string; title: string }[];
    menus: { commandPalette: { command: string; when: string }[] };
  };
}

export async function showMenu({ contributes }: Manifest): Promise<void> {
  const apart = new Set(contributes.menus.commandPalette.map(({ command }) => command)); // only for some rows or states
  const offered = contributes.commands.filter(({ command }) => !apart.has(command));
  const chosen = await vscode.window.showQuickPick(menuItems(offered, settings.current).map(shown), { title: 'alloclens' });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function shown(item: MenuItem): vscode.QuickPickItem & { command?: string } {
  return 'section' in item ? { label: item.section, kind: vscode.QuickPickItemKind.Separator } : item;
}
