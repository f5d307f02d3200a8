// A click on the status bar item: the commands of the extension, by the titles they have in package.json.
import * as vscode from 'vscode';

export interface Manifest {
  contributes: {
    commands: { command: string; title: string }[];
    menus: { commandPalette: { command: string; when: string }[] };
  };
}

export async function showMenu({ contributes }: Manifest): Promise<void> {
  const apart = new Set(contributes.menus.commandPalette.map(({ command }) => command)); // of some rows or states only
  const offered = contributes.commands
    .filter(({ command }) => !apart.has(command))
    .map(({ command, title }) => ({ label: title, command }));
  const chosen = await vscode.window.showQuickPick(offered, { title: 'alloclens' });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
