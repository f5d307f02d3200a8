// A click on the status bar item: every command of the extension, by the titles they have in package.json.
import * as vscode from 'vscode';

export interface Manifest {
  contributes: { commands: { command: string; title: string }[] };
}

export async function showMenu(manifest: Manifest): Promise<void> {
  const offered = manifest.contributes.commands.map(({ command, title }) => ({ label: title, command }));
  const chosen = await vscode.window.showQuickPick(offered, { title: 'alloclens' });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
