// The menu of the status bar item: the commands of the extension, with their titles from package.json.
import * as vscode from 'vscode';

export interface Manifest {
  contributes: {
    commands: { command: string; title: string }[];
    menus: { commandPalette: { command: string; when: string }[] };
  };
}

export async function showMenu({ contributes }: Manifest): Promise<void> {
  const apart = new Set(contributes.menus.commandPalette.map(({ command }) => command)); // only for some rows or states
  const offered = contributes.commands
    .filter(({ command }) => !apart.has(command))
    .map(({ command, title }) => ({ label: title, command }));
  const chosen = await vscode.window.showQuickPick(offered, { title: 'alloclens' });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
